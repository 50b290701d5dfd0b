"""Which lane each call takes: what people wait for goes on where bulk work has to wait.

Bulk leaves a sixth of the minute to people and events. With just that much left, a turn that takes
the bulk lane makes no call, and one that takes the people's lane makes all of its calls.
"""

from collections.abc import Callable
from typing import Any

from tests.support import processes, recorded_lanes, valkey_flush
from tests.support.lane_turns import BULKS, PEOPLES, days_on
from tests.support.linked import Linked
from tests.support.passing import Time
from tests.support.resyncs import ask, end_first
from xero_sync.api import rate_limiter
from xero_sync.api.rate_limiter import Lane

BULK_LEAVES = 10


def leave_only_what_people_have(linked: Linked) -> None:
    """Use up the bulk lane's part of the minute."""
    limiter, tenant_id = rate_limiter.shared(), linked.organisation.tenant_id
    while limiter.books_of(tenant_id).minute_left > BULK_LEAVES:
        slot = limiter.acquire(tenant_id=tenant_id, lane=Lane.PEOPLE)
        assert isinstance(slot, rate_limiter.Slot)
        limiter.release(slot, headers={}, answered=True)
    assert isinstance(limiter.acquire(tenant_id=tenant_id, lane=Lane.BULK), rate_limiter.Wait), (
        "bulk may still call"
    )


def on_day(days: int, turn: Callable[[Linked, Time], None]) -> Callable[[Linked], None]:
    """Return a turn of bulk work as it is taken so many days from now."""
    return lambda linked: turn(linked, days_on(days))


def calls_of(linked: Linked, turn: Callable[[Linked], Any]) -> int:
    """Return how many calls a turn makes."""
    before = linked.world.calls("/api.xro/")
    turn(linked)
    return linked.world.calls("/api.xro/") - before


def test_bulk_work_waits_where_only_what_people_have_is_left(linked: Linked) -> None:
    linked.sweep()
    ask(linked)
    end_first(linked)
    leave_only_what_people_have(linked)

    waiting = {name: calls_of(linked, on_day(1, turn)) for name, turn in BULKS.items()}
    valkey_flush.forget_all()
    working = {name: calls_of(linked, on_day(3, turn)) for name, turn in BULKS.items()}

    assert waiting == dict.fromkeys(waiting, 0)
    assert all(working.values()), working


def test_what_people_wait_for_goes_on_meanwhile(linked: Linked) -> None:
    linked.sweep()
    made = {}

    for name, turn in PEOPLES.items():
        valkey_flush.forget_all()
        leave_only_what_people_have(linked)
        made[name] = calls_of(linked, turn)

    assert all(made.values()), made


def test_each_call_takes_the_lane_that_the_table_says(linked: Linked) -> None:
    linked.sweep()
    ask(linked)
    end_first(linked)
    turns: dict[str, Callable[[Linked], Any]] = {
        **PEOPLES,
        # Each on a day of its own, as one may do what another would.
        **{name: on_day(n, turn) for n, (name, turn) in enumerate(BULKS.items())},
    }
    taken = {}
    for name, turn in turns.items():
        valkey_flush.forget_all()
        with recorded_lanes.recorded() as lanes:
            calls = calls_of(linked, turn)
        taken[name] = set(lanes)
        # One that has to wait for its turn asks again.
        assert lanes.total() >= calls > 0, name

    lanes_of = {**dict.fromkeys(PEOPLES, Lane.PEOPLE), **dict.fromkeys(BULKS, Lane.BULK)}
    assert taken == {name: {lane} for name, lane in lanes_of.items()}


def test_whatever_begins_to_call_xero_stands_in_the_table() -> None:
    product = processes.ROOT / "xero_sync"
    calling = {
        str(path.relative_to(product).with_suffix(""))
        for path in product.rglob("*.py")
        if "lane=rate_limiter.Lane." in path.read_text()
    }

    assert calling == {*PEOPLES, *BULKS}
