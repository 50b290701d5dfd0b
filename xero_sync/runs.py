"""Sync runs as people meet them: asking for one, cancelling it, reading how it goes.

The work itself is in `run_work`.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from connected_apps import audit
from connected_apps.models import Connection, Organisation
from connected_apps.queries import connection_of
from connected_apps.states import LIVE
from lrm.models import Portal, User
from xero_sync.models import Resource, RunState, RunWhat, SyncRun, SyncStep

LONGEST_RANGE = timedelta(days=3653)

DOCUMENTS = (
    Resource.INVOICE,
    Resource.CREDIT_NOTE,
    Resource.OVERPAYMENT,
    Resource.PREPAYMENT,
)
OPEN = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.VERIFYING)


class NotPossible(Exception):
    """A re-sync cannot be asked for now; the message says why and what to do."""


class BadRange(Exception):
    """The dates cannot be re-synced; `field` is the one to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def today_of(*, portal: Portal, organisation: Organisation | None, now: datetime) -> date:
    """Return today's date where the books are kept: the organisation's zone, else the portal's."""
    zone = (organisation.time_zone if organisation else "") or portal.time_zone
    return now.astimezone(ZoneInfo(zone)).date()


def check_range(*, date_from: date, date_to: date, today: date) -> None:
    """Refuse a range that makes no sense, naming the field at fault.

    :raises BadRange: end before start, in the future, or longer than ten years.
    """
    if date_from > today:
        raise BadRange("date_from", f"This date is in the future. Today is {today:%-d %B %Y}.")
    if date_to > today:
        raise BadRange("date_to", f"This date is in the future. Today is {today:%-d %B %Y}.")
    if date_to < date_from:
        raise BadRange(
            "date_to", "The end is before the start. Choose an end on or after the start."
        )
    if date_to - date_from > LONGEST_RANGE:
        raise BadRange(
            "date_from", "This range is longer than ten years. Choose a later start, or two ranges."
        )


def request(
    *,
    portal: Portal,
    date_from: date,
    date_to: date,
    what: RunWhat,
    by: User | None,
    now: datetime,
) -> SyncRun:
    """Record a person's request; the caller rings the bell.

    The same request while an earlier one is still open is that one, not a second.

    :raises NotPossible: Xero is not connected.
    :raises BadRange: see `check_range`.
    """
    link = connection_of(portal)
    if link is None or link.organisation is None or link.state not in LIVE:
        raise NotPossible("Xero is not connected. Connect it on this page first.")
    today = today_of(portal=portal, organisation=link.organisation, now=now)
    check_range(date_from=date_from, date_to=date_to, today=today)
    with transaction.atomic():
        # One request at a time for a portal, so that a double click finds the first one's row.
        Connection.objects.select_for_update().get(pk=link.pk)
        same = SyncRun.objects.filter(
            organisation=link.organisation,
            what=what,
            date_from=date_from,
            date_to=date_to,
            state__in=OPEN,
        ).first()
        return same or _create(link, link.organisation, date_from, date_to, what, by, now)


def _create(
    link: Connection,
    organisation: Organisation,
    date_from: date,
    date_to: date,
    what: RunWhat,
    by: User | None,
    now: datetime,
) -> SyncRun:
    run = SyncRun.objects.create(
        portal=link.portal,
        organisation=organisation,
        generation=link.generation,
        what=what,
        date_from=date_from,
        date_to=date_to,
        requested_by=by,
        requested_at=now,
        correlation_id=uuid.uuid4(),
    )
    if what == RunWhat.DOCUMENTS:
        SyncStep.objects.bulk_create(
            SyncStep(run=run, resource=resource, position=position)
            for position, resource in enumerate(DOCUMENTS)
        )
    audit.record(
        portal=link.portal,
        action="RESYNC_REQUESTED",
        by=by,
        now=now,
        detail=f"{RunWhat(what).label}, {date_from} to {date_to}",
        organisation_name=organisation.name,
        correlation_id=run.correlation_id,
    )
    return run


def cancel(*, run: SyncRun, by: User, now: datetime) -> bool:
    """Stop a run where it is; what it has stored stays. Return False when it had ended already."""
    stopped = SyncRun.objects.filter(pk=run.pk, state__in=OPEN).update(
        state=RunState.CANCELLED,
        reason=f"Cancelled by {by}",
        finished_at=now,
        claimed_until=None,
    )
    if stopped:
        audit.record(
            portal=run.portal,
            action="RESYNC_CANCELLED",
            by=by,
            now=now,
            detail=f"{run.date_from} to {run.date_to}",
            organisation_name=run.organisation.name,
            correlation_id=run.correlation_id,
        )
    return bool(stopped)


@dataclass(frozen=True)
class Progress:
    """How far a run has come, in documents; `total` is None until Xero has told."""

    read: int
    total: int | None
    new: int
    changed: int
    unchanged: int
    set_aside: int
    steps: list[SyncStep]

    @property
    def percent(self) -> int:
        """Whole per cent of the documents read, 0 while the total is not known."""
        if self.total is None:
            return 0
        return 100 if self.total == 0 else min(100, self.read * 100 // self.total)


def progress_of(run: SyncRun) -> Progress:
    """Return how far the run has come."""
    steps = list(run.steps.all())
    counts = [step.item_count for step in steps if step.item_count is not None]
    return Progress(
        read=sum(step.read_count for step in steps),
        total=sum(counts) if steps and len(counts) == len(steps) else None,
        new=sum(step.new_count for step in steps),
        changed=sum(step.changed_count for step in steps),
        unchanged=sum(step.unchanged_count for step in steps),
        set_aside=sum(step.set_aside_count for step in steps),
        steps=steps,
    )


def latest(*, portal: Portal, organisation: Organisation | None, limit: int = 10) -> list[SyncRun]:
    """Return the newest runs of the portal's organisation."""
    return list(
        SyncRun.objects.filter(portal=portal, organisation=organisation)
        .select_related("requested_by")
        .order_by("-requested_at")[:limit]
    )
