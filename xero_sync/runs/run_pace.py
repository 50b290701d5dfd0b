"""How fast a run reads: documents a second since it last began to read after a long wait.

Waits of seconds, for the limit of calls a minute or for a free worker, come again and again and
are part of the pace. A night's pause or a cancelling says nothing of how long the rest will take.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from xero_sync.models import RunState, SyncRun

# Longer than Xero's minute, for which a run waits at most.
_LONG_WAIT = timedelta(minutes=2)


def measured_from(run: SyncRun, *, now: datetime) -> dict[str, Any]:
    """Return what to store of a run that reads from now on: nothing where its measure goes on.

    :param run: as it was before; what is read once more is counted from nothing.
    """
    heard_at = run.heard_at or run.requested_at
    goes_on = run.state in {RunState.RUNNING, RunState.PAUSED} and now - heard_at <= _LONG_WAIT
    if run.pace_since is not None and goes_on:
        return {}
    read = run.steps.aggregate(read=Sum("read_count"))["read"] or 0
    return {"pace_since": now, "read_before_pace": read}


def rate(run: SyncRun, read: int, *, now: datetime) -> float | None:
    """Return documents a second; None where it does not read at the moment, or has only begun.

    :param read: how many documents it has read in all.
    """
    if run.state != RunState.RUNNING or run.pace_since is None:
        return None
    if run.heard_at is not None and now - run.heard_at > _LONG_WAIT:
        return None
    seconds = (now - run.pace_since).total_seconds()
    since = read - run.read_before_pace
    return since / seconds if seconds > 0 and since > 0 else None
