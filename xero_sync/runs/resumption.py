"""Resuming a cancelled run: only where no other run reads its days, or has read them since."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm.models import User
from xero_sync.jobs import dispatch
from xero_sync.models import ENDED_RUNS, OPEN_RUNS, RunState, RunWhat, SyncRun
from xero_sync.runs import request_checks, run_requests, run_titles


def resume(*, run: SyncRun, by: User, now: datetime) -> SyncRun | None:
    """Let a cancelled run go on where it stopped, and return the run that reads its days.

    Where another open run reads all of its days, that one is returned, as for a request. None where
    the run is not cancelled.

    :raises request_checks.NotPossible: Xero is not connected, or to another organisation; another
        run reads some of the days, or a later one has read them all.
    """
    with transaction.atomic():
        connection = run_requests.lock(connection_of(run.portal))
        run = SyncRun.objects.select_related("portal", "organisation").get(pk=run.pk)
        if run.state != RunState.CANCELLED:
            return None
        if (
            connection is None
            or connection.state not in LIVE
            or connection.organisation_id != run.organisation_id
        ):
            raise request_checks.NotPossible(
                "Xero is not connected to the organisation of this re-sync."
            )
        other = instead_of(run) or _beside(run).first()
        if other is None:
            _open_again(run, connection.generation, now)
            run_requests.record("RESYNC_RESUMED", run, by=by, now=now)
            dispatch.WORK_ON_RUN.wake(run.pk)
            return run
        if not other.is_open:
            raise request_checks.NotPossible(
                "A later re-sync has read all of these days. Ask for a new one to read them once "
                "more."
            )
        if not _contains(other, run):
            raise request_checks.NotPossible(
                f"{run_titles.title_of(other)} reads some of these days at the moment. Resume this "
                "one when that has ended."
            )
        if by.pk != other.requested_by_id:
            other.also_for.add(by)
        return other


def is_offered(run: SyncRun) -> bool:
    """Return whether people are offered to resume a run."""
    is_cancelled = run.state == RunState.CANCELLED
    return is_cancelled and instead_of(run) is None and not _beside(run).exists()


def instead_of(run: SyncRun) -> SyncRun | None:
    """Return the run that reads all days of a cancelled one, or has read them since."""
    containing = _others(run).filter(date_from__lte=run.date_from, date_to__gte=run.date_to)
    if run.what == RunWhat.CHANGED:
        containing = containing.filter(
            changed_from__lte=run.changed_from, changed_to__gte=run.changed_to
        )
    later = containing.filter(state__in=ENDED_RUNS, requested_at__gte=run.requested_at)
    return containing.filter(state__in=OPEN_RUNS).first() or later.order_by("-pk").first()


def _contains(other: SyncRun, run: SyncRun) -> bool:
    return other.date_from <= run.date_from and run.date_to <= other.date_to


def _beside(run: SyncRun) -> QuerySet[SyncRun]:
    """Return the open runs that read any day of this one; what changed may be read twice."""
    if run.what == RunWhat.CHANGED:
        return SyncRun.objects.none()
    return _others(run).filter(
        state__in=OPEN_RUNS, date_from__lte=run.date_to, date_to__gte=run.date_from
    )


def _others(run: SyncRun) -> QuerySet[SyncRun]:
    found = SyncRun.objects.filter(organisation_id=run.organisation_id, what=run.what)
    return found.exclude(pk=run.pk)


def _open_again(run: SyncRun, generation: int, now: datetime) -> None:
    changes = {
        "state": RunState.QUEUED,
        "reason": "",
        "finished_at": None,
        "not_before": None,
        "leased_until": None,
        "attempts": 0,
        "heard_at": now,
        "generation": generation,
    }
    SyncRun.objects.filter(pk=run.pk).update(**changes)
    for name, value in changes.items():
        setattr(run, name, value)
