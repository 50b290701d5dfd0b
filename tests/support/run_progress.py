"""A run that has read so much by a moment which the test chooses."""

from datetime import UTC, datetime

from xero_sync.jobs import leases
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import run_worker

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def take_up(run: SyncRun, *, now: datetime, state: RunState = RunState.RUNNING) -> SyncRun:
    """Let a worker begin a turn, or go over to verifying, as far as the run's row tells of it."""
    taken = leases.take(SyncRun, run.pk, now=now)
    assert taken is not None
    run_worker._set_state(taken, state, now)
    leases.release(taken)
    run.refresh_from_db()
    return run


def read_on(run: SyncRun, count: int, *, of: int, now: datetime) -> SyncRun:
    """Let it have read so many documents by a moment."""
    run.steps.exclude(resource="INVOICE").update(item_count=0)
    run.steps.filter(resource="INVOICE").update(read_count=count, item_count=of)
    SyncRun.objects.filter(pk=run.pk).update(heard_at=now)
    run.refresh_from_db()
    return run
