"""Acts that are always audited: who did it, and that it was done, whatever came of it."""

from collections.abc import Callable

import pytest

from connected_apps.models import AuditEvent
from tests.support import xero
from tests.support.linked import Linked, let_learners_go
from tests.support.resyncs import PAGE, ask
from xero_sync.models import SyncRun

DAYS = {"date_from": "2026-01-01", "date_to": "2026-01-31"}


def _run() -> int:
    return SyncRun.objects.latest("pk").pk


def press_connect_twice(linked: Linked, client: xero.Browser) -> None:
    """The second time nothing changes, and it is a person's act all the same."""
    client.start()
    client.start()


def connect_again(linked: Linked, client: xero.Browser) -> None:
    client.connect()


def disconnect(linked: Linked, client: xero.Browser) -> None:
    client.post(xero.DISCONNECT)


def resync(linked: Linked, client: xero.Browser) -> None:
    SyncRun.objects.all().delete()
    client.post(PAGE, **DAYS)


def cancel(linked: Linked, client: xero.Browser) -> None:
    client.post(f"{PAGE}{_run()}/cancel/")


def resume(linked: Linked, client: xero.Browser) -> None:
    ask(linked)
    client.post(f"{PAGE}{_run()}/cancel/")
    client.post(f"{PAGE}{_run()}/resume/")


ACTS: list[tuple[Callable[[Linked, xero.Browser], None], list[str]]] = [
    (press_connect_twice, ["CONNECT_STARTED", "CONNECT_STARTED"]),
    (connect_again, ["CONNECT_STARTED", "CONNECTED"]),
    (disconnect, ["DISCONNECTED"]),
    (resync, ["RESYNC_REQUESTED"]),
    (cancel, ["RESYNC_CANCELLED"]),
    (resume, ["RESYNC_REQUESTED", "RESYNC_CANCELLED", "RESYNC_RESUMED"]),
]


@pytest.mark.parametrize(("act", "actions"), ACTS, ids=[each.__name__ for each, _ in ACTS])
def test_act_of_a_person_is_audited_by_their_name(
    linked: Linked, act: Callable[[Linked, xero.Browser], None], actions: list[str]
) -> None:
    let_learners_go(linked.organisation)
    before = AuditEvent.objects.latest("id").pk

    act(linked, xero.Browser(linked.world, linked.manager))

    made = AuditEvent.objects.filter(pk__gt=before, actor__isnull=False).order_by("id")
    assert [line.action.upper() for line in made] == actions
    assert {line.actor_name for line in made} == {str(linked.manager)}
