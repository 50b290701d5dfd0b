"""Posts that fail, and events that are lost, doubled, late or out of order."""

import time

import pytest

from tests.support import (
    consent_walk,
    simulated_books,
    simulator_client,
    waiting,
    webhook_receiver,
)


def test_failed_post_is_repeated_at_once_and_then_every_quarter_of_an_hour(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    listener.answer = lambda _: webhook_receiver.Answer(500)
    ids = simulated_books.raise_invoices(simulator_url, 2)
    assert waiting.wait_until(
        lambda: simulator_client.get(simulator_url, "webhooks")["retry_at"] is not None
    )
    tries = len(listener.posts)
    more = simulated_books.raise_invoices(simulator_url, 1)
    held_back = simulator_client.get(simulator_url, "webhooks")

    listener.answer = webhook_receiver.careful
    consent_walk.advance(simulator_url, minutes=15)

    assert waiting.wait_until(
        lambda: simulator_client.get(simulator_url, "webhooks")["pending"] == 0
    )
    arrived = [
        event["resourceId"] for post in listener.posts[2:] for event in post.content["events"]
    ]
    assert tries == 2
    assert listener.posts[0].body == listener.posts[1].body
    assert held_back["pending"] == 3
    assert arrived == ids + more


@pytest.mark.parametrize("status", [201, 204, 302, 401, 503])
def test_anything_but_200_counts_as_failed(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str, status: int
) -> None:
    listener.answer = lambda _: webhook_receiver.Answer(status)
    simulator_client.post(simulator_url, "touch", count=1)

    left = simulator_client.post(simulator_url, "webhooks/flush")

    assert left == {"delivered": 0, "pending": 1}


def test_events_are_dropped_when_older_than_31_days(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", enabled=False)
    simulated_books.raise_invoices(simulator_url, 1)
    consent_walk.advance(simulator_url, days=31.1)
    (young,) = simulated_books.raise_invoices(simulator_url, 1)

    simulator_client.post(simulator_url, "webhooks", enabled=True)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert [event["resourceId"] for event in listener.events] == [young]


def test_events_are_lost_when_asked(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", lose_next=2)
    ids = simulated_books.raise_invoices(simulator_url, 3)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert [event["resourceId"] for event in listener.events] == ids[2:]
    assert simulator_client.get(simulator_url, "webhooks")["lost"] == 2


def test_posts_are_doubled_when_asked(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", double=True)
    simulator_client.post(simulator_url, "touch", count=1)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert waiting.wait_until(lambda: len(listener.posts) == 2)
    assert listener.posts[0].body == listener.posts[1].body


def test_order_is_lost_but_nothing_else_when_shuffled(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", shuffle=True, enabled=False)
    ids = simulator_client.post(simulator_url, "touch", count=60)["ids"]
    simulator_client.post(simulator_url, "webhooks", enabled=True)
    simulator_client.post(simulator_url, "webhooks/flush")

    arrived = [event["resourceId"] for event in listener.events]
    assert sorted(arrived) == sorted(ids)
    assert arrived != ids


def test_events_wait_when_delayed(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", delay_seconds=60)
    simulator_client.post(simulator_url, "touch", count=1)
    time.sleep(0.5)
    early = len(listener.posts)
    consent_walk.advance(simulator_url, minutes=1)

    assert waiting.wait_until(lambda: len(listener.posts) == 1)
    assert early == 0
