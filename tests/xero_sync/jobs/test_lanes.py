"""Which lane each call takes: what people wait for goes on where bulk work has to wait.

Bulk leaves a sixth of the minute to people and events. With just that much left, a turn that takes
the bulk lane makes no call, and one that takes the people's lane makes all of its calls.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import redis
from django.conf import settings

from connected_apps.models import Organisation
from invoices.models import Document
from tests.support import builders, webhook_events
from tests.support.learners import save
from tests.support.linked import Linked, clock
from tests.support.passing import Time
from tests.support.resyncs import PAGE, ask, end_first
from tests.support.xero_documents import open_invoice
from xero_sync.api import rate_limiter
from xero_sync.api.rate_limiter import Lane
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

BULK_LEAVES = 10


def leave_only_what_people_have(linked: Linked) -> None:
    """Use up the bulk lane's part of the minute."""
    limiter, tenant_id = rate_limiter.shared(), linked.organisation.tenant_id
    while limiter.books_of(tenant_id).minute_left > BULK_LEAVES:
        slot = limiter.acquire(tenant_id=tenant_id, lane=Lane.PEOPLE)
        assert isinstance(slot, rate_limiter.Slot)
        limiter.release(slot, headers={}, answered=True)
    assert isinstance(limiter.acquire(tenant_id=tenant_id, lane=Lane.BULK), rate_limiter.Wait), (
        "bulk may still call"
    )


def calls_of(linked: Linked, turn: Callable[[Linked], Any]) -> int:
    """Return how many calls a turn makes."""
    before = linked.world.calls("/api.xro/")
    turn(linked)
    return linked.world.calls("/api.xro/") - before


def sweep(linked: Linked, now: Time) -> None:
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=now())
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=now)


def check(linked: Linked, now: Time) -> None:
    daily_check.check(organisation_id=linked.organisation.pk, clock=now)


def compare(linked: Linked, now: Time) -> None:
    contact_balances.begin(organisation_id=linked.organisation.pk, now=clock())
    contact_balances.compare(organisation_id=linked.organisation.pk, clock=now)


def reread(linked: Linked, now: Time) -> None:
    full_readings.begin(organisation_id=linked.organisation.pk, now=clock())
    full_readings.read(organisation_id=linked.organisation.pk, clock=now)


def work(linked: Linked, now: Time) -> None:
    run_worker.work_on(run_id=SyncRun.objects.latest("pk").pk, clock=now)


def days_on(days: int) -> Time:
    """Return the clock of workers some days on, while the limiter's stands."""
    now = Time()
    now.now += timedelta(days=days)
    return now


def take_event(linked: Linked) -> None:
    now = Time()
    webhook_events.tell(linked, "INVOICE", open_invoice(linked), now)
    webhook_events.fetch(linked, now)


def push(linked: Linked) -> None:
    save(linked)
    linked.push()


def refresh(linked: Linked) -> None:
    learner = linked.portal.learners.get()
    learner_refreshes.request(
        learner=learner, organisation=linked.organisation, by=linked.manager, now=clock()
    )
    linked.refresh()


def preview(linked: Linked) -> None:
    days = {"date_from": "2026-01-01", "date_to": "2026-01-31", "preview": "on"}
    builders.client_of(linked.manager).post(PAGE, days)


def open_online(linked: Linked) -> None:
    document = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]
    builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")


def open_pdf(linked: Linked) -> None:
    document = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]
    builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")


def fill_details(linked: Linked) -> None:
    """A page shows no totals before the currency is known."""
    Organisation.objects.filter(pk=linked.organisation.pk).update(base_currency="")
    organisation_details.fill_details(organisation_id=linked.organisation.pk, clock=clock)


def test_bulk_work_waits_where_only_what_people_have_is_left(linked: Linked) -> None:
    linked.sweep()
    ask(linked)
    end_first(linked)
    bulk = (sweep, work, check, compare, reread)
    leave_only_what_people_have(linked)

    waiting = {each.__name__: calls_of(linked, partial(each, now=days_on(1))) for each in bulk}
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    working = {each.__name__: calls_of(linked, partial(each, now=days_on(3))) for each in bulk}

    assert waiting == dict.fromkeys(waiting, 0)
    assert all(working.values()), working


PEOPLES = (take_event, push, refresh, preview, open_online, open_pdf, fill_details)


def test_what_people_wait_for_goes_on_meanwhile(linked: Linked) -> None:
    linked.sweep()
    made = {}

    for turn in PEOPLES:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        leave_only_what_people_have(linked)
        made[turn.__name__] = calls_of(linked, turn)

    assert all(made.values()), made
