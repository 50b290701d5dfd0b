"""Beat makes what a connection lacks: cursors, and the first sync."""

import pytest
from django.utils import timezone

from connected_apps.models import Connection, State
from tests.support.broker import Broker
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from xero_sync import tasks
from xero_sync.models import Cursor, SyncRun
from xero_sync.sweeps import beginnings


@pytest.fixture
def broker() -> Broker:
    found = Broker()
    found.lose_all()
    return found


@pytest.mark.parametrize("lost", [("cursors", "run"), ("run",), ("cursors",)])
def test_connection_without_its_beginning_gets_one_from_beat(
    linked: Linked, broker: Broker, lost: tuple[str, ...]
) -> None:
    # As a process of an earlier release left it that was killed between two commits.
    if "cursors" in lost:
        Cursor.objects.all().delete()
    if "run" in lost:
        SyncRun.objects.all().delete()
    broker.lose_all()

    for _ in range(4):
        tasks.wake_all()
        broker.answer()

    assert ours(linked) == theirs(linked)
    linked.connection.refresh_from_db()
    assert linked.connection.last_good_sync_at is not None


def test_sync_is_not_called_complete_before_a_first_one(linked: Linked) -> None:
    SyncRun.objects.all().delete()

    linked.sweep()

    assert Connection.objects.get().last_good_sync_at is None


def test_beginning_is_made_once(linked: Linked) -> None:
    Cursor.objects.all().delete()
    SyncRun.objects.all().delete()

    for _ in range(2):
        beginnings.repair(now=timezone.now())

    assert SyncRun.objects.filter(is_first=True).count() == 1


def test_first_sync_that_was_cancelled_is_not_asked_for_again(linked: Linked) -> None:
    SyncRun.objects.update(state="CANCELLED", finished_at=timezone.now())

    beginnings.repair(now=timezone.now())

    assert SyncRun.objects.count() == 1


def test_connection_that_does_not_stand_is_left_alone(linked: Linked) -> None:
    Cursor.objects.all().delete()
    Connection.objects.update(state=State.DISCONNECTED_HERE)

    beginnings.repair(now=timezone.now())

    assert not Cursor.objects.exists()
