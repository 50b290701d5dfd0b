"""Faults by chance: webhooks lost, doubled, delayed, shuffled, and documents that will not rest."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support import simulator_process, waiting, webhook_receiver


@pytest.fixture
def listener(person: simulator_process.Person) -> Iterator[webhook_receiver.Receiver]:
    """A receiver that is subscribed; nothing leaves but by a flush."""
    with webhook_receiver.listening() as listening:
        subscribed = {"url": listening.url, "key": webhook_receiver.KEY}
        simulator_process.control(person.url, "webhooks", {**subscribed, "enabled": True})
        # So long a delay that nothing leaves by itself.
        simulator_process.control(person.url, "webhooks", {"delay_seconds": 10**6})
        yield listening
        simulator_process.control(person.url, "reset", {})


def told(
    person: simulator_process.Person, listener: webhook_receiver.Receiver, **knobs: Any
) -> list[str]:
    """Touch 200 documents with such knobs, and return what the receiver hears of, in order."""
    simulator_process.control(person.url, "webhooks", knobs)
    simulator_process.control(person.url, "touch", {"count": 200, "seed": 1})
    simulator_process.control(person.url, "webhooks/flush", {})
    return [one["resourceId"] for one in listener.events]


def test_share_of_events_is_lost_the_same_for_the_same_seed(
    person: simulator_process.Person, listener: webhook_receiver.Receiver
) -> None:
    first = told(person, listener, lose_chance=0.3)
    state = simulator_process.control(person.url, "webhooks")

    assert 200 * 0.15 < state["lost"] < 200 * 0.45
    assert len(first) == 200 - state["lost"]
    listener.posts.clear()
    simulator_process.control(person.url, "reset", {})
    again = simulator_process.connect(person.url)
    simulator_process.control(
        person.url, "webhooks", {"url": listener.url, "key": webhook_receiver.KEY, "enabled": True}
    )
    assert told(again, listener, delay_seconds=10**6, lose_chance=0.3) == first


def pending(person: simulator_process.Person) -> int:
    """Return how many events wait to be delivered."""
    return int(simulator_process.control(person.url, "webhooks")["pending"])


def test_share_of_events_is_late(
    person: simulator_process.Person, listener: webhook_receiver.Receiver
) -> None:
    simulator_process.control(person.url, "webhooks", {"enabled": False, "delay_chance": 0.4})
    simulator_process.control(person.url, "touch", {"count": 200, "seed": 1})
    simulator_process.control(person.url, "webhooks", {"enabled": True})
    simulator_process.control(person.url, "clock", {"advance_seconds": 1})

    # Those that are not late leave by themselves, the others with the flush.
    assert waiting.wait_until(lambda: pending(person) < 200), "none left by itself"
    assert 200 * 0.2 < pending(person) < 200 * 0.6
    simulator_process.control(person.url, "webhooks/flush", {})
    assert len(listener.events) == 200


@pytest.mark.parametrize(("chance", "posts"), [(0.0, 1), (1.0, 2)])
def test_share_of_posts_is_doubled(
    person: simulator_process.Person, listener: webhook_receiver.Receiver, chance: float, posts: int
) -> None:
    told(person, listener, double_chance=chance)

    assert len(listener.posts) == posts


@pytest.mark.parametrize(("chance", "in_order"), [(0.0, True), (1.0, False)])
def test_share_of_posts_is_shuffled(
    person: simulator_process.Person,
    listener: webhook_receiver.Receiver,
    chance: float,
    in_order: bool,
) -> None:
    heard = told(person, listener, shuffle_chance=chance)
    listener.posts.clear()
    plain = told(person, listener, shuffle_chance=0.0)

    assert sorted(heard) == sorted(plain)
    assert (heard == plain) is in_order


@pytest.mark.parametrize(
    "knobs",
    [
        {"lose_chance": "x"},
        {"double_chance": 1.5},
        {"delay_chance": None},
        {"shuffle_chance": True},
        {"delay_seconds": "x"},
        {"delay_seconds": -1},
        {"lose_next": -1},
        {"double": "no"},
    ],
)
def test_knob_that_makes_no_sense_is_refused(simulator: str, knobs: dict[str, Any]) -> None:
    answer = requests.post(
        f"{simulator}/simulator/webhooks", json=knobs, timeout=simulator_process.TIMEOUT
    )

    assert answer.status_code == 400
    assert "makes no sense" in answer.json()["error"]


def stamps(person: simulator_process.Person) -> dict[str, str]:
    """Return when each document changed last."""
    return {
        one["xero_id"]: one["updated_utc"]
        for one in simulator_process.control(person.url, "books")["documents"]
    }


@pytest.mark.parametrize("acts", [["touch"], ["pay"], ["touch", "pay", "void", "redate"]])
def test_document_changes_at_every_third_page(
    person: simulator_process.Person, acts: list[str]
) -> None:
    before = stamps(person)
    simulator_process.control(person.url, "clock", {"advance_seconds": 60})
    simulator_process.control(person.url, "drift", {"every": 3, "acts": acts})

    for page in range(1, 10):
        person.get("Invoices", page=page, pageSize=10)
    person.get("Organisation")
    person.get("Contacts", page=1)

    after = stamps(person)
    assert len([one for one in after if after[one] != before[one]]) == 3
    assert simulator_process.control(person.url, "drift", {"every": 0}) == {"changed": 3}
    person.get("Invoices", page=1)
    assert stamps(person) == after


@pytest.mark.parametrize(
    "given",
    [{}, {"every": "x"}, {"every": -1}, {"every": 2, "acts": ["sing"]}, {"every": 2, "acts": 5}],
)
def test_drift_that_makes_no_sense_is_refused(simulator: str, given: dict[str, Any]) -> None:
    answer = requests.post(
        f"{simulator}/simulator/drift", json=given, timeout=simulator_process.TIMEOUT
    )

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
