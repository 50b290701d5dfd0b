"""Asking for re-syncs by page, address and command, and reading what became of them."""

import io
from datetime import date, timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from connected_apps import book_days
from connected_apps.models import Connection
from lrm.models import LrmRole, Portal, User
from tests.support import builders
from tests.support.linked import Linked, clock
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import run_requests

PAGE = "/settings/connected-apps/xero/resync/"
API = "/api/v1/sync-runs/"


def end_first(linked: Linked) -> None:
    """Put the first sync out of the way, as it answers every request."""
    SyncRun.objects.filter(is_first=True).update(state=RunState.DONE, finished_at=clock())


def request(linked: Linked, start: str, end: str, by: User | None = None) -> SyncRun:
    """Ask for a re-sync of documents."""
    return run_requests.request(
        portal=linked.portal,
        date_from=date.fromisoformat(start),
        date_to=date.fromisoformat(end),
        what=RunWhat.DOCUMENTS,
        by=by or linked.manager,
        now=clock(),
    ).run


def ask(linked: Linked, *, days: int = 3000) -> SyncRun:
    """Ask for a re-sync that reaches back so many days."""
    # Else the first sync, which holds every range, would answer this one too.
    SyncRun.objects.filter(is_first=True).update(state=RunState.CANCELLED)
    today = book_days.today_of(portal=linked.portal, organisation=linked.organisation, now=clock())
    return run_requests.request(
        portal=linked.portal,
        date_from=today - timedelta(days=days),
        date_to=today,
        what=RunWhat.DOCUMENTS,
        by=linked.manager,
        now=clock(),
    ).run


def ask_for_learners(linked: Linked, by: User | None = None) -> SyncRun:
    """Ask by the page for the learners that were changed since yesterday, and return the run."""
    today = clock().astimezone(linked.portal.zone).date()
    # From yesterday, as midnight may have passed since they were saved.
    days = {"date_from": today - timedelta(days=1), "date_to": today}
    answer = builders.client_of(by or linked.manager).post(PAGE, {**days, "what": "learners"})
    assert answer.status_code == 302, answer.content.decode()
    return SyncRun.objects.filter(what=RunWhat.LEARNERS).latest("pk")


def work_with_pushes(linked: Linked, run: SyncRun, *, most: int = 20) -> SyncRun:
    """Let the run's worker and the pushes' take turns until the run has ended."""
    for _ in range(most):
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
        if not linked.work(run).is_open:
            return run
        linked.push()
    raise AssertionError(f"{run} has not ended: {run.state} {run.reason}")


def people(linked: Linked) -> dict[str, User | None]:
    """Return one person of each kind."""
    return {
        "manager": linked.manager,
        "watcher": builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE),
        "staff": builders.make_user(linked.portal),
        "stranger": builders.make_user(builders.make_portal("Other"), portal_admin=True),
        "nobody": None,
    }


def resync(
    linked: Linked,
    *options: str,
    start: str = "2026-01-01",
    end: str = "2026-03-31",
    said: io.StringIO | None = None,
) -> str:
    """Run the command and return what it said; others may listen to `said` meanwhile."""
    said = said or io.StringIO()
    call_command("resync", linked.portal.slug, "--from", start, "--to", end, *options, stderr=said)
    return said.getvalue()


def lists_called(linked: Linked) -> int:
    """Return how many lists of documents Xero was asked for so far."""
    lists = ("invoices", "creditnotes", "overpayments", "prepayments")
    return sum(linked.world.calls(f"2.0/{name}") for name in lists)


def log(run: SyncRun) -> str:
    """Return what the run's log says."""
    return " ".join(run.lines.values_list("text", flat=True))


def make_run(portal: Portal, **fields: Any) -> SyncRun:
    """Store a run of a connected portal as it stands, without anybody asking for it."""
    given = {"date_from": "2026-01-01", "date_to": "2026-01-31", "requested_at": timezone.now()}
    organisation = Connection.objects.get(portal=portal).organisation
    assert organisation is not None
    return SyncRun.objects.create(
        portal=portal, organisation=organisation, generation=0, **{**given, **fields}
    )
