"""Sweeps and events leave enough of the day's calls for everything else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from tests.support import builders, limiting
from tests.support.linked import Linked, clock
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import channel_health

DAY = 86_400.0


@pytest.fixture(autouse=True)
def own_limiter() -> Iterator[None]:
    """The shared limiter takes its limits from the settings of this test, not of the one before."""
    limiting.forget_shared()
    yield
    limiting.forget_shared()


def sweep(linked: Linked) -> int:
    """Sweep all kinds and return how many calls it took."""
    before = linked.world.calls("/api.xro/")
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock) is None
    return linked.world.calls("/api.xro/") - before


def intervals() -> list[float]:
    """Return for each kind in how many seconds after its last sweep the next is due."""
    return [
        (cursor.next_due_at - cursor.last_swept_at).total_seconds()
        for cursor in Cursor.objects.all()
        if cursor.last_swept_at is not None
    ]


@pytest.mark.parametrize(
    ("day_limit", "unhealthy", "share"),
    [(5000, 0, 1 / 3), (1000, 0, 1 / 3), (5000, 5, 1 / 2), (1000, 5, 1 / 2), (1000, 2, 5 / 6)],
)
def test_sweeps_of_a_day_stay_within_their_share(
    linked: Linked, settings: Settings, day_limit: int, unhealthy: int, share: float
) -> None:
    settings.XERO_DAY_LIMIT = day_limit
    linked.sweep()
    silent = list(Cursor.objects.values_list("pk", flat=True)[:unhealthy])
    Cursor.objects.filter(pk__in=silent).update(missed_at=clock(), missed_count=1)

    calls_each = sweep(linked) / 5

    assert calls_each == 1
    assert len(intervals()) == 5
    in_a_day = sum(calls_each * DAY / seconds for seconds in intervals())
    assert in_a_day < share * day_limit + 0.01


def test_usual_interval_is_as_wished_where_the_day_allows_it(linked: Linked) -> None:
    linked.sweep()

    sweep(linked)

    assert set(intervals()) == {300.0}


def test_one_silent_kind_is_swept_every_minute(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.filter(resource="INVOICE").update(missed_at=clock(), missed_count=1)

    sweep(linked)

    assert sorted(intervals()) == [60.0, 300.0, 300.0, 300.0, 300.0]


def test_page_says_how_rare_sweeps_are_on_the_starter_tier(
    linked: Linked, settings: Settings
) -> None:
    settings.XERO_DAY_LIMIT = 1000
    linked.sweep()
    Cursor.objects.update(missed_at=clock(), missed_count=1)

    page = builders.client_of(linked.manager).get("/settings/connected-apps/").content.decode()

    assert "Every 22 minutes, so that the calls of a day last" in page
    assert "so changes take up to 15 minutes" in page


@pytest.mark.parametrize(
    ("seconds", "words"), [(60, "every minute"), (61, "every 2 minutes"), (300, "every 5 minutes")]
)
def test_interval_is_told_in_whole_minutes(seconds: int, words: str) -> None:
    assert channel_health.in_words(timedelta(seconds=seconds)) == words
