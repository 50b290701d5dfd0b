"""Which categories a subscription sends, and events that nothing in the books stands for."""

from collections.abc import Iterator

import pytest
import requests

from tests.support import consent_walk, simulator_client, simulator_process, webhook_receiver


@pytest.fixture
def listener(simulator: str) -> Iterator[webhook_receiver.Receiver]:
    """A receiver that is subscribed, of an organisation that is connected."""
    consent_walk.connect(simulator, consent_walk.person_with(simulator, 3))
    with webhook_receiver.listening() as listening:
        simulator_client.post(
            simulator, "webhooks", url=listening.url, key=webhook_receiver.KEY, enabled=True
        )
        yield listening
    simulator_client.post(simulator, "reset")


def test_category_is_sent_only_where_it_was_opted_into(
    simulator: str, listener: webhook_receiver.Receiver
) -> None:
    simulator_client.post(simulator, "webhooks", categories=["CONTACT", "OVERPAYMENT"])
    contact_id = simulator_client.get(simulator, "books")["contacts"][0]["contact_id"]

    for act in ("raise", "overpayment", "prepayment"):
        simulator_client.post(
            simulator, "documents", act=act, contact_id=contact_id, amount="10.00"
        )
    simulator_client.post(simulator, "webhooks/flush")

    assert {event["eventCategory"] for event in listener.events} == {"OVERPAYMENT"}
    simulator_client.post(simulator, "reset")
    assert len(simulator_client.get(simulator, "webhooks")["categories"]) == 6


@pytest.mark.parametrize(
    "given",
    [
        {"eventCategory": "SUBSCRIPTION", "tenantType": "APPLICATION", "tenantId": "5eed"},
        {"eventCategory": "QUOTE", "data": {"Status": "SENT"}},
    ],
)
def test_event_of_any_category_can_be_made_up(
    simulator: str, listener: webhook_receiver.Receiver, given: dict[str, object]
) -> None:
    simulator_client.post(simulator, "webhooks/events", **given)
    simulator_client.post(simulator, "webhooks/flush")

    (event,) = listener.events
    assert given.items() <= event.items()
    assert {"resourceUrl", "resourceId", "tenantId", "tenantType", "eventDateUtc"} <= event.keys()


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("webhooks", {"categories": ["QUOTE"]}),
        ("webhooks", {"categories": "INVOICE"}),
        ("webhooks/events", {}),
    ],
)
def test_category_that_makes_no_sense_is_refused(
    simulator: str, path: str, given: dict[str, object]
) -> None:
    answer = requests.post(
        f"{simulator}/simulator/{path}", json=given, timeout=simulator_process.TIMEOUT
    )

    assert answer.status_code == 400
