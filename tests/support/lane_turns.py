"""Turns that call Xero, each as it happens in production; and which lane it takes, as one table."""

from collections.abc import Callable
from datetime import timedelta

from connected_apps.models import Organisation
from invoices.models import Document
from tests.support import builders, webhook_events
from tests.support.learners import save
from tests.support.linked import Linked, clock
from tests.support.passing import Time
from tests.support.resyncs import PAGE
from tests.support.xero_documents import open_invoice
from xero_sync.contacts import learner_refreshes
from xero_sync.jobs import sweep_schedule
from xero_sync.maintenance import (
    contact_balances,
    daily_check,
    full_readings,
    organisation_details,
)
from xero_sync.models import SyncRun
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper


def days_on(days: int) -> Time:
    """Return the clock of workers some days on, while the limiter's stands."""
    now = Time()
    now.now += timedelta(days=days)
    return now


def sweep(linked: Linked, now: Time) -> None:
    """Ask for what was modified since the last sweep."""
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=now())
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=now)


def check(linked: Linked, now: Time) -> None:
    """Hold Xero's counts against ours."""
    daily_check.check(organisation_id=linked.organisation.pk, clock=now)


def compare(linked: Linked, now: Time) -> None:
    """Hold Xero's balances against ours."""
    contact_balances.begin(organisation_id=linked.organisation.pk, now=clock())
    contact_balances.compare(organisation_id=linked.organisation.pk, clock=now)


def reread(linked: Linked, now: Time) -> None:
    """Read open documents anew."""
    full_readings.begin(organisation_id=linked.organisation.pk, now=clock())
    full_readings.read(organisation_id=linked.organisation.pk, clock=now)


def work(linked: Linked, now: Time) -> None:
    """Work on the newest run."""
    run_worker.work_on(run_id=SyncRun.objects.latest("pk").pk, clock=now)


def take_event(linked: Linked) -> None:
    """Fetch what an event names."""
    now = Time()
    webhook_events.tell(linked, "INVOICE", open_invoice(linked), now)
    webhook_events.fetch(linked, now)


def push(linked: Linked) -> None:
    """Send a learner who is saved."""
    save(linked)
    linked.push()


def refresh(linked: Linked) -> None:
    """Read a learner because a person pressed *Sync now*."""
    learner = linked.portal.learners.get()
    learner_refreshes.request(
        learner=learner, organisation=linked.organisation, by=linked.manager, now=clock()
    )
    linked.refresh()


def preview(linked: Linked) -> None:
    """Count what a re-sync would read."""
    days = {"date_from": "2026-01-01", "date_to": "2026-01-31", "preview": "on"}
    builders.client_of(linked.manager).post(PAGE, days)


def open_online(linked: Linked) -> None:
    """Click *View Invoice*."""
    document = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]
    builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")


def open_pdf(linked: Linked) -> None:
    """Click *Open PDF*."""
    document = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]
    builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")


def fill_details(linked: Linked) -> None:
    """A page shows no totals before the currency is known."""
    Organisation.objects.filter(pk=linked.organisation.pk).update(base_currency="")
    organisation_details.fill_details(organisation_id=linked.organisation.pk, clock=clock)


# What calls Xero, and in which lane: every module of the product that begins to. Turns of bulk are
# told the time, since they wait for a day that has not come.
PEOPLES: dict[str, Callable[[Linked], None]] = {
    "webhooks/event_processing": take_event,
    "contacts/push_queue": push,
    "contacts/learner_refreshes": refresh,
    "runs/previews": preview,
    "online_invoices": open_online,
    "online_pdfs": open_pdf,
    "maintenance/organisation_details": fill_details,
}
BULKS: dict[str, Callable[[Linked, Time], None]] = {
    "sweeps/sweeper": sweep,
    "runs/run_worker": work,
    "maintenance/daily_check": check,
    "maintenance/contact_balances": compare,
    "maintenance/full_readings": reread,
}
