"""A long backfill outlives its tokens: three of them end while it runs, and it finishes exact."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from connected_apps.models import Grant, State
from tests.support import simulator_process
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from xero_sync.models import RunState
from xero_sync.runs import run_worker

LIFE = timedelta(minutes=31)  # A minute more than an access token lives.
EXPIRIES = 3
# Of the clock, so that the time passes in the middle of the work; more than four calls in flight
# read when each is refused and made once more, since none of them is meant to meet two ends.
READINGS_BETWEEN = 15


@pytest.fixture
def simulator(settings: Settings) -> Iterator[str]:
    """Give a Xero whose pages are small, so that the work takes many calls.

    More than a minute's limit would leave to bulk work, where many calls meet a token's end.
    """
    settings.XERO_MINUTE_LIMIT = 600
    options = ("--no-limits", "--minute-limit", "600", "--seed", "7", "--max-page-size", "40")
    with simulator_process.running(*options) as url:
        yield url


class Clock:
    """The workers' clock; while they read it, Xero's own clock jumps past a token's end.

    It jumps again only when the last end was noticed and the token renewed: two ends between
    two calls would be one renewal, and which calls are near each other is the threads' affair.

    :param together: whether ours jumps too, so that tokens are refreshed in time; else Xero's 401
        is the first we hear of it.
    """

    def __init__(self, linked: Linked, *, together: bool) -> None:
        self._linked = linked
        self._together = together
        self._readings = 0
        self._offset = timedelta()
        self._reading = threading.Lock()
        self.jumps = 0

    def __call__(self) -> datetime:
        """Read the time, from any thread."""
        with self._reading:
            self._readings += 1
            if self.jumps < EXPIRIES and self._readings >= READINGS_BETWEEN and self._renewed():
                self._readings = 0
                self.jumps += 1
                self._linked.world.do("clock", advance_seconds=LIFE.total_seconds())
                self._offset += LIFE if self._together else timedelta()
            return datetime.now(UTC) + self._offset

    def _renewed(self) -> bool:
        return Grant.objects.filter(refresh_count=self.jumps).exists()


@pytest.mark.parametrize("together", [True, False])
def test_backfill_that_crosses_three_expiries_finishes(linked: Linked, together: bool) -> None:
    run = ask(linked)
    clock = Clock(linked, together=together)

    while run_worker.work_on(run_id=run.pk, clock=clock) is not None:
        pass

    run.refresh_from_db()
    linked.connection.refresh_from_db()
    assert clock.jumps == EXPIRIES
    assert Grant.objects.get().refresh_count == EXPIRIES
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert linked.connection.state == State.CONNECTED
    assert ours(linked) == theirs(linked) != {}
