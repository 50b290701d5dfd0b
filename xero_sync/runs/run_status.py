"""Whether an open run still goes on: stalled without a worker, or waiting for a person."""

from datetime import datetime, timedelta

from connected_apps.queries import live_connections
from xero_sync.models import RunState, RunWhat, SyncRun

STALLED_AFTER = timedelta(minutes=3)


def has_stalled(run: SyncRun, *, now: datetime) -> bool:
    """Return whether an open run that is due has been silent for minutes.

    Beat wakes a worker for it every few seconds, so no worker can be there. While its organisation
    is not connected nobody is woken for it: then it waits for a person and has not stalled.
    """
    return run.is_open and now - silent_since(run) > STALLED_AFTER and can_go_on(run)


def silent_since(run: SyncRun) -> datetime:
    """Return when a run last stored a page or became due, whichever is later."""
    heard_at = run.heard_at or run.requested_at
    # A run of learners looks every second whether their pushes have come on.
    is_looking = run.what == RunWhat.LEARNERS and run.state != RunState.PAUSED
    return heard_at if is_looking else max(filter(None, [heard_at, run.not_before]))


def can_go_on(run: SyncRun) -> bool:
    """Return whether the organisation of a run is connected; else a person has to act first."""
    return live_connections().filter(organisation_id=run.organisation_id).exists()
