"""A receiver that answers as Xero asks, and an organisation of which it is told."""

from collections.abc import Iterator

import pytest

from tests.support import consent_walk, simulator_client, webhook_receiver


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
    simulator_client.post(
        simulator_url, "webhooks", url=listener.url, key=webhook_receiver.KEY, enabled=True
    )
    return person.tenant_ids[0]
