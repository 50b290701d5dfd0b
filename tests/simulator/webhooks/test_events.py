"""What is told of a change, in which form, and in how many posts."""

import re
from typing import Any

import pytest

from tests.support import (
    consent_walk,
    simulated_books,
    simulator_client,
    waiting,
    webhook_receiver,
)

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")


def _what(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((event["eventCategory"], event["eventType"]) for event in events)


def test_event_arrives_by_itself_signed_and_in_xeros_form(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    invoice = simulated_books.open_invoice(simulator_url)

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
    invoice = simulated_books.open_invoice(simulator_url)

    simulator_client.post(
        simulator_url, "documents", act=act, id=invoice["xero_id"], due_date="2027-01-31"
    )
    simulator_client.post(simulator_url, "webhooks/flush")

    assert _what(listener.events) == expected
    assert {event["tenantId"] for event in listener.events} <= {tenant}


def test_newer_categories_carry_data(
    simulator_url: str, listener: webhook_receiver.Receiver, tenant: str
) -> None:
    contact_id = simulated_books.open_invoice(simulator_url)["contact_id"]
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
