"""Webhooks as a receiver meets them: signatures, batches, retries, order, and the first check."""

import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import (
    consent_walk,
    simulator_client,
    simulator_process,
    waiting,
    webhook_receiver,
)

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> Iterator[None]:
    simulator_client.post(simulator_url, "reset")
    yield
    simulator_client.post(simulator_url, "reset")


@pytest.fixture
def listener() -> Iterator[webhook_receiver.Receiver]:
    """A receiver that answers as Xero asks."""
    with webhook_receiver.listening() as listening:
        yield listening


@pytest.fixture
def tenant(simulator_url: str, listener: webhook_receiver.Receiver) -> str:
    """An organisation that is connected, with the subscription enabled."""
    person = consent_walk.person_with(simulator_url, 3)
    consent_walk.connect(simulator_url, person)
    _subscribe(simulator_url, listener)
    return person.tenant_ids[0]


def _subscribe(url: str, listener: webhook_receiver.Receiver) -> None:
    simulator_client.post(url, "webhooks", url=listener.url, key=webhook_receiver.KEY, enabled=True)


def _open_invoice(url: str) -> dict[str, Any]:
    """Return an approved sales invoice with nothing applied."""
    for document in simulator_client.get(url, "books")["documents"]:
        is_open = (document["type"], document["status"]) == ("ACCREC", "AUTHORISED")
        if is_open and document["amount_due"] == document["total"]:
            found: dict[str, Any] = document
            return found
    raise LookupError("no open invoice")


def _what(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((event["eventCategory"], event["eventType"]) for event in events)


def _raise_invoices(url: str, count: int) -> list[str]:
    contact_id = _open_invoice(url)["contact_id"]
    return [
        simulator_client.post(url, "documents", act="raise", contact_id=contact_id, amount="10")[
            "id"
        ]
        for _ in range(count)
    ]


def test_event_arrives_by_itself_signed_and_in_xeros_form(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    invoice = _open_invoice(simulator_url)

    simulator_client.post(simulator_url, "documents", act="touch", id=invoice["xero_id"])

    assert waiting.wait_until(lambda: bool(listener.posts))
    (post,) = listener.posts
    (event,) = post.content["events"]
    assert post.is_signed
    assert STAMP.fullmatch(event.pop("eventDateUtc"))
    assert event == {
        "resourceUrl": f"{simulator_url}/api.xro/2.0/Invoices/{invoice['xero_id']}",
        "resourceId": invoice["xero_id"],
        "tenantId": tenant,
        "tenantType": "ORGANISATION",
        "eventCategory": "INVOICE",
        "eventType": "UPDATE",
    }
    assert post.content["firstEventSequence"] == post.content["lastEventSequence"]
    assert re.fullmatch(r"[A-Z]{20}", post.content["entropy"])


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("pay", [("INVOICE", "UPDATE"), ("PAYMENT", "CREATE")]),
        ("void", [("INVOICE", "UPDATE")]),
        ("credit", [("CREDITNOTE", "CREATE"), ("CREDITNOTE", "UPDATE"), ("INVOICE", "UPDATE")]),
        ("edit_due_date_silently", []),
    ],
)
def test_act_on_an_invoice_tells_what_it_changed(
    simulator_url: str,
    listener: webhook_receiver.Receiver,
    tenant: str,
    act: str,
    expected: list[tuple[str, str]],
) -> None:
    invoice = _open_invoice(simulator_url)

    simulator_client.post(
        simulator_url, "documents", act=act, id=invoice["xero_id"], due_date="2027-01-31"
    )
    simulator_client.post(simulator_url, "webhooks/flush")

    assert _what(listener.events) == expected
    assert {event["tenantId"] for event in listener.events} <= {tenant}


def test_newer_categories_carry_data(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    contact_id = _open_invoice(simulator_url)["contact_id"]
    for act in ("overpayment", "prepayment"):
        simulator_client.post(
            simulator_url, "documents", act=act, contact_id=contact_id, amount="25.50"
        )
    simulator_client.post(simulator_url, "webhooks/flush")

    found = {event["eventCategory"]: event["data"] for event in listener.events}
    assert found["OVERPAYMENT"]["Type"] == "RECEIVE-OVERPAYMENT"
    assert found["PREPAYMENT"]["Type"] == "RECEIVE-PREPAYMENT"
    for data in found.values():
        assert list(data) == ["Type", "Status", "UpdatedDateUTCString"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data["UpdatedDateUTCString"])


def test_contact_is_told_when_created(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    made = simulator_client.post(simulator_url, "contacts", act="create", name="Wren Example")
    simulator_client.post(simulator_url, "webhooks/flush")

    (event,) = listener.events
    assert (event["eventCategory"], event["eventType"]) == ("CONTACT", "CREATE")
    assert (event["resourceId"], event["tenantId"]) == (made["id"], tenant)
    assert "data" not in event


def test_nothing_is_told_of_organisations_that_are_not_connected(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    other = consent_walk.person_with(simulator_url, 3).tenant_ids[1]

    simulator_client.post(simulator_url, "touch", tenant=other, count=3)
    simulator_client.post(simulator_url, "disconnect", tenant=tenant)
    simulator_client.post(simulator_url, "touch", tenant=tenant, count=3)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert listener.posts == []


def test_many_events_leave_in_posts_of_at_most_five_hundred(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    ids = simulator_client.post(simulator_url, "touch", tenant=tenant, count=700, seed=3)["ids"]

    assert waiting.wait_until(lambda: len(listener.events) == 700)
    sizes = [len(post.content["events"]) for post in listener.posts]
    first, second = (post.content for post in listener.posts)
    assert sizes == [500, 200]
    assert second["firstEventSequence"] == first["lastEventSequence"] + 1
    assert [event["resourceId"] for event in listener.events] == ids
    assert all(post.is_signed for post in listener.posts)


def test_one_post_carries_events_of_several_organisations(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    person = consent_walk.person_with(simulator_url, 3)
    consent_walk.connect(simulator_url, person, tenants=[person.tenant_ids[1]])

    for tenant_id in person.tenant_ids[:2]:
        simulator_client.post(simulator_url, "touch", tenant=tenant_id, count=1)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert waiting.wait_until(lambda: len(listener.events) == 2)
    assert [event["tenantId"] for event in listener.events] == person.tenant_ids[:2]


def test_spacing_is_odd_now_and_then(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    for _ in range(40):
        simulator_client.post(simulator_url, "touch", count=1)
        simulator_client.post(simulator_url, "webhooks/flush")

    starts = {post.body[:2] for post in listener.posts}
    assert len(starts) > 1
    assert all(post.is_signed for post in listener.posts)


def test_failed_post_is_repeated_at_once_and_then_every_quarter_of_an_hour(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    listener.answer = lambda _: webhook_receiver.Answer(500)
    ids = _raise_invoices(simulator_url, 2)
    assert waiting.wait_until(
        lambda: simulator_client.get(simulator_url, "webhooks")["retry_at"] is not None
    )
    tries = len(listener.posts)
    more = _raise_invoices(simulator_url, 1)
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


def test_subscription_is_disabled_after_a_day_and_replays_in_order_when_checked_again(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    listener.answer = lambda _: webhook_receiver.Answer(500)
    ids = _raise_invoices(simulator_url, 2)
    simulator_client.post(simulator_url, "webhooks/flush")
    consent_walk.advance(simulator_url, days=1)
    simulator_client.post(simulator_url, "webhooks/flush")
    disabled = simulator_client.get(simulator_url, "webhooks")["status"]
    ids += _raise_invoices(simulator_url, 1)
    listener.posts.clear()
    listener.answer = webhook_receiver.careful

    verdict = simulator_client.post(simulator_url, "webhooks/intent")

    assert waiting.wait_until(lambda: len(listener.events) == 3)
    assert disabled == "disabled"
    assert verdict["passed"]
    assert [event["resourceId"] for event in listener.events] == ids
    assert simulator_client.get(simulator_url, "webhooks")["status"] == "enabled"


def test_events_are_dropped_when_older_than_31_days(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", enabled=False)
    _raise_invoices(simulator_url, 1)
    consent_walk.advance(simulator_url, days=31.1)
    (young,) = _raise_invoices(simulator_url, 1)

    simulator_client.post(simulator_url, "webhooks", enabled=True)
    simulator_client.post(simulator_url, "webhooks/flush")

    assert [event["resourceId"] for event in listener.events] == [young]


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


def test_events_are_lost_when_asked(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    simulator_client.post(simulator_url, "webhooks", lose_next=2)
    ids = _raise_invoices(simulator_url, 3)
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
