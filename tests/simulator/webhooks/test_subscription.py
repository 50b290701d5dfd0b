"""A subscription: its first check, its end after a day of failures, and its knobs."""

import socket

import pytest

from tests.support import (
    consent_walk,
    simulated_books,
    simulator_client,
    simulator_process,
    waiting,
    webhook_receiver,
)


def test_subscription_is_disabled_after_a_day_and_replays_in_order_when_checked_again(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    listener.answer = lambda _: webhook_receiver.Answer(500)
    ids = simulated_books.raise_invoices(simulator_url, 2)
    simulator_client.post(simulator_url, "webhooks/flush")
    consent_walk.advance(simulator_url, days=1)
    simulator_client.post(simulator_url, "webhooks/flush")
    disabled = simulator_client.get(simulator_url, "webhooks")["status"]
    ids += simulated_books.raise_invoices(simulator_url, 1)
    listener.posts.clear()
    listener.answer = webhook_receiver.careful

    verdict = simulator_client.post(simulator_url, "webhooks/intent")

    assert waiting.wait_until(lambda: len(listener.events) == 3)
    assert disabled == "disabled"
    assert verdict["passed"]
    assert [event["resourceId"] for event in listener.events] == ids
    assert simulator_client.get(simulator_url, "webhooks")["status"] == "enabled"


def test_check_passes_when_good_signatures_get_200_and_bad_ones_401(
    simulator_url: str, listener: webhook_receiver.Receiver
) -> None:
    simulator_client.post(simulator_url, "webhooks", url=listener.url, key=webhook_receiver.KEY)

    verdict = simulator_client.post(simulator_url, "webhooks/intent")

    assert verdict["passed"]
    assert {post.is_signed for post in listener.posts} == {True, False}
    for post in listener.posts:
        content = post.content
        entropy = content.pop("entropy")
        assert entropy
        assert content == {"events": [], "lastEventSequence": 0, "firstEventSequence": 0}
    assert simulator_client.get(simulator_url, "webhooks")["status"] == "enabled"


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        (webhook_receiver.Answer(200), webhook_receiver.Answer(200), "answered 200 instead of 401"),
        (webhook_receiver.Answer(401), webhook_receiver.Answer(401), "answered 401 instead of 200"),
        (
            webhook_receiver.Answer(200, body=b"ok"),
            webhook_receiver.Answer(401),
            "the answer has a body",
        ),
        (
            webhook_receiver.Answer(200),
            webhook_receiver.Answer(401, cookie="a=b"),
            "the answer sets a cookie",
        ),
    ],
)
def test_check_fails_and_says_why_when_receiver_is_careless(
    simulator_url: str,
    listener: webhook_receiver.Receiver,
    good: webhook_receiver.Answer,
    bad: webhook_receiver.Answer,
    problem: str,
) -> None:
    listener.answer = lambda post: good if post.is_signed else bad
    simulator_client.post(simulator_url, "webhooks", url=listener.url, key=webhook_receiver.KEY)

    verdict = simulator_client.post(simulator_url, "webhooks/intent")

    assert not verdict["passed"]
    assert problem in {check["problem"] for check in verdict["checks"]}
    assert simulator_client.get(simulator_url, "webhooks")["status"] == "unverified"


def test_check_fails_when_nobody_listens(simulator_url: str) -> None:
    # Held, so that nobody else can come to listen there meanwhile.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/hooks"
        simulator_client.post(simulator_url, "webhooks", url=url, key=webhook_receiver.KEY)

        verdict = simulator_client.post(simulator_url, "webhooks/intent")

    assert not verdict["passed"]
    assert {check["status"] for check in verdict["checks"]} == {0}


def test_key_is_never_shown(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    assert webhook_receiver.KEY not in str(simulator_client.get(simulator_url, "webhooks"))


def test_unknown_knob_is_refused(simulator_url: str) -> None:
    with pytest.raises(AssertionError, match="A subscription has no loose_next"):
        simulator_client.post(simulator_url, "webhooks", loose_next=1)


def test_subscription_of_the_command_line_is_checked_and_enabled_by_itself(
    listener: webhook_receiver.Receiver,
) -> None:
    arguments = ("--documents", "80", "--contacts", "20")
    subscription = ("--webhook-url", listener.url, "--webhook-key", webhook_receiver.KEY)

    with simulator_process.running(*arguments, *subscription) as url:
        assert waiting.wait_until(
            lambda: simulator_client.get(url, "webhooks")["status"] == "enabled"
        )
        simulator_client.post(url, "reset")
        after_reset = simulator_client.get(url, "webhooks")

    assert len(listener.posts) == 5
    assert (after_reset["status"], after_reset["url"]) == ("enabled", listener.url)
