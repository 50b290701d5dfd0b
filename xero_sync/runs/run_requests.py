"""Asking for a sync run and cancelling it, for people and for the system itself.

A request that overlaps an open run is not read twice: see `request`. The work is in `run_worker`.
"""

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from connected_apps import audit
from connected_apps.models import XERO, Connection, Organisation
from connected_apps.queries import connection_of
from lrm.models import Portal, User
from xero_sync import resources
from xero_sync.jobs import dispatch
from xero_sync.models import OPEN_RUNS, RunState, RunWhat, SyncRun, SyncStep
from xero_sync.pull import date_windows
from xero_sync.runs import run_messages, run_notices, run_titles
from xero_sync.runs.changed_spans import Span
from xero_sync.runs.request_checks import NotPossible, check_request

# Of one person's, in one organisation.
MOST_OPEN = 5
# Within which two requests until now are the same.
_SECOND_CLICK = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    """The run that answers a request, and the open runs that it met.

    :param is_new: whether the run was made for this request; else it was under way and reads all
        of its days.
    :param beside: runs under way that read some of its days, which the new one leaves out.
    :param replaced: shorter runs whose days the new one reads.
    """

    run: SyncRun
    is_new: bool
    beside: tuple[SyncRun, ...] = ()
    replaced: tuple[SyncRun, ...] = ()

    @property
    def words(self) -> str:
        """What happened, in whole sentences."""
        if not self.is_new:
            title = run_titles.title_of(self.run)
            return f"Nothing new had to start: {title} is under way and reads these days too."
        words = ["Re-sync started."]
        if self.beside:
            titles = ", ".join(run_titles.title_of(run) for run in self.beside)
            words = [
                f"Re-sync started for {run_titles.days_of(self.run)}.",
                f"The other days are read already by what is under way: {titles}.",
            ]
        if self.replaced:
            titles = ", ".join(run_titles.title_of(run) for run in self.replaced)
            words.append(f"It takes the place of {titles}, whose days it reads too.")
        return " ".join(words)

    @property
    def promise(self) -> str:
        """When the person will be told."""
        which = "each of them" if self.beside else "it"
        return f"You can leave this page: the bell and an e-mail tell you when {which} is done."


def request(
    *,
    portal: Portal,
    date_from: date,
    date_to: date,
    what: RunWhat,
    by: User | None,
    now: datetime,
    by_command: bool = False,
    span: Span | None = None,
) -> Answer:
    """Record a person's request and return what becomes of it; a worker is woken.

    Days that an open run reads are not read twice. A request within the days of an open run is
    answered by that run, and its person is told of the end too. A request that contains an open run
    replaces it. One that overlaps it at one side is cut to the days that the open run does not
    read.

    :param span: of what changed in Xero; the days are then those of its moments. What changed may
        be read twice: only an open run that holds all of the span answers it.
    :raises NotPossible: Xero is not connected, or many runs of this person are under way.
    :raises date_ranges.BadRange: see `date_ranges.check_range`.
    """
    asked = _Asked(what, date_from, date_to, by, by_command=by_command, span=span)
    with transaction.atomic():
        connection = lock(connection_of(portal))
        connection, organisation = check_request(
            connection, what=what, date_from=date_from, date_to=date_to, now=now, span=span
        )
        return _answer(connection, organisation, asked, now)


def open_between(
    *, portal: Portal, date_from: date, date_to: date, what: RunWhat = RunWhat.DOCUMENTS
) -> list[SyncRun]:
    """Return the open runs that read any day of a range."""
    found = SyncRun.objects.filter(
        portal=portal,
        what=what,
        state__in=OPEN_RUNS,
        date_from__lte=date_to,
        date_to__gte=date_from,
    )
    return list(found.order_by("date_from"))


def request_first(*, connection: Connection, organisation: Organisation, now: datetime) -> SyncRun:
    """Ask for the pull of all dates that fills a new connection."""
    asked = _Asked(RunWhat.DOCUMENTS, date_windows.EARLIEST, date_windows.LATEST, None)
    with transaction.atomic():
        connection = lock(connection) or connection
        for run in _open_runs(organisation, asked.what):
            if run.is_first:
                return run
        return _create(connection, organisation, asked, now, is_first=True)


def request_heal(*, connection: Connection, window: tuple[date, date], now: datetime) -> SyncRun:
    """Ask, for the system itself, for the dates between which the daily count differs.

    What overlaps an open run is not read twice, see `request`.

    :raises NotPossible: Xero is not connected.
    """
    return _request_by_system(connection, _Asked(RunWhat.DOCUMENTS, *window, None), now)


def request_changes(*, connection: Connection, since: datetime, now: datetime) -> SyncRun:
    """Ask, for the system itself, for what changed since a moment.

    :raises NotPossible: Xero is not connected.
    """
    first, last = (each.astimezone(connection.portal.zone).date() for each in (since, now))
    asked = _Asked(RunWhat.CHANGED, first, last, None, span=Span(since, now))
    return _request_by_system(connection, asked, now)


def _request_by_system(connection: Connection, asked: "_Asked", now: datetime) -> SyncRun:
    organisation = connection.organisation
    if organisation is None:
        raise NotPossible("Xero is not connected.")
    with transaction.atomic():
        return _answer(lock(connection) or connection, organisation, asked, now).run


@dataclass(frozen=True)
class _Asked:
    what: RunWhat
    date_from: date
    date_to: date
    by: User | None
    # Ids of people who asked for what this replaces.
    also_for: frozenset[int] = frozenset()
    by_command: bool = False
    span: Span | None = None
    # The open runs that it met, see `Answer`.
    beside: tuple[SyncRun, ...] = ()
    replaced: tuple[SyncRun, ...] = ()


def lock(connection: Connection | None) -> Connection | None:
    """Lock the connection until the transaction ends, and return it as it is now.

    A portal's requests then come one after the other. A double click finds the first one's row, and
    no run is made for a generation that is just being replaced.
    """
    if connection is None:
        return None
    rows = Connection.objects.select_for_update(of=("self",))
    return rows.select_related("organisation", "portal").get(pk=connection.pk)


def _open_runs(organisation: Organisation, what: RunWhat) -> list[SyncRun]:
    found = SyncRun.objects.filter(organisation=organisation, what=what, state__in=OPEN_RUNS)
    return list(found.order_by("date_from"))


def _answer(
    connection: Connection, organisation: Organisation, asked: _Asked, now: datetime
) -> Answer:
    """Let open runs answer for the days they read, and make a run for the rest."""
    for run in _open_runs(organisation, asked.what):
        if _holds(run, asked):
            return Answer(_join(run, asked), is_new=False)
        if asked.span is not None:
            continue
        asked = _without(asked, run, now=now)
    _refuse_too_many(organisation, asked)
    made = _create(connection, organisation, asked, now)
    return Answer(made, True, beside=asked.beside, replaced=asked.replaced)


def _holds(run: SyncRun, asked: _Asked) -> bool:
    """Return whether an open run reads all that is asked for."""
    if asked.span is not None:
        span = run_titles.span_of(run)
        # A second click asks until a moment later; what changed until the page is read is read.
        until = asked.span.until - _SECOND_CLICK
        return span is not None and span.since <= asked.span.since and until <= span.until
    return run.date_from <= asked.date_from and asked.date_to <= run.date_to


def _refuse_too_many(organisation: Organisation, asked: _Asked) -> None:
    """Refuse a person's run beside many of theirs; runs that it replaces are cancelled by now.

    All runs of an organisation share its calls to Xero, so more at once would be no sooner done.
    """
    if asked.by is None:
        return
    own = SyncRun.objects.filter(
        organisation=organisation, requested_by=asked.by, state__in=OPEN_RUNS
    )
    if own.count() >= MOST_OPEN:
        raise NotPossible(
            f"{MOST_OPEN} re-syncs that you started are under way. Wait until one has ended, or "
            "cancel one."
        )


def _join(run: SyncRun, asked: _Asked) -> SyncRun:
    """Let everybody who asked be told of the end of a run."""
    people = asked.also_for | ({asked.by.pk} if asked.by else set())
    run.also_for.add(*(people - {run.requested_by_id}))
    if run.what == RunWhat.LEARNERS:
        # Who came to be behind since it began is chosen too, and it looks at once.
        SyncRun.objects.filter(pk=run.pk).update(learner_count=None, not_before=None)
    dispatch.WORK_ON_RUN.wake(run.pk)
    return run


def _without(asked: _Asked, run: SyncRun, *, now: datetime) -> _Asked:
    """Return what is left to read beside an open run that reads only some of it."""
    day = timedelta(days=1)
    if asked.date_from <= run.date_from and run.date_to <= asked.date_to:
        return _replacing(asked, run, now=now)
    beside = (*asked.beside, run)
    if asked.date_from <= run.date_to < asked.date_to:
        _join(run, asked)
        start = max(asked.date_from, run.date_to + day)
        return dataclasses.replace(asked, date_from=start, beside=beside)
    if asked.date_from < run.date_from <= asked.date_to:
        _join(run, asked)
        end = min(asked.date_to, run.date_from - day)
        return dataclasses.replace(asked, date_to=end, beside=beside)
    return asked


def _replacing(asked: _Asked, run: SyncRun, *, now: datetime) -> _Asked:
    """Cancel a run whose days the request contains; its people are told of the longer one."""
    SyncRun.objects.filter(pk=run.pk).update(
        state=RunState.CANCELLED,
        reason="Replaced by a re-sync of a longer range",
        finished_at=now,
        leased_until=None,
    )
    record("RESYNC_REPLACED", run, by=asked.by, now=now)
    run_messages.note_end(run, now=now)
    first = {run.requested_by_id} if run.requested_by_id else set()
    people = first | set(run.also_for.values_list("pk", flat=True))
    replaced = (*asked.replaced, run)
    return dataclasses.replace(asked, also_for=asked.also_for | people, replaced=replaced)


def _create(
    connection: Connection,
    organisation: Organisation,
    asked: _Asked,
    now: datetime,
    *,
    is_first: bool = False,
) -> SyncRun:
    run = SyncRun.objects.create(
        portal=connection.portal,
        organisation=organisation,
        generation=connection.generation,
        what=asked.what,
        date_from=asked.date_from,
        date_to=asked.date_to,
        changed_from=asked.span.since if asked.span else None,
        changed_to=asked.span.until if asked.span else None,
        requested_by=asked.by,
        by_command=asked.by_command,
        requested_at=now,
        heard_at=now,
        is_first=is_first,
    )
    if asked.what != RunWhat.LEARNERS:
        # What changed may have any date.
        days = (asked.date_from, asked.date_to) if asked.span is None else date_windows.ALL_DAYS
        SyncStep.objects.bulk_create(
            SyncStep(run=run, resource=resource, date_from=days[0], date_to=days[1])
            for resource in resources.DOCUMENTS
        )
    _join(run, asked)
    record("RESYNC_REQUESTED", run, by=asked.by, now=now)
    return run


def record(action: str, run: SyncRun, *, by: User | None, now: datetime) -> None:
    """Record in the audit trail what was done with a run."""
    audit.record(
        portal=run.portal,
        app=XERO,
        action=action,
        by=by,
        now=now,
        detail=run_titles.title_of(run),
        organisation_name=run.organisation.name,
        correlation_id=run.correlation_id,
    )


def cancel(*, run: SyncRun, by: User, now: datetime) -> bool:
    """Stop a run where it is and notify those who wait for it; what it has stored stays.

    Return False when it had ended already.
    """
    with transaction.atomic():
        stopped = SyncRun.objects.filter(pk=run.pk, state__in=OPEN_RUNS).update(
            state=RunState.CANCELLED,
            reason=f"Cancelled by {by}",
            finished_at=now,
            leased_until=None,
        )
        if stopped:
            record("RESYNC_CANCELLED", run, by=by, now=now)
            run_notices.notify_cancelled(run=run, by=by)
            run_messages.note_end(run, now=now)
    return bool(stopped)
