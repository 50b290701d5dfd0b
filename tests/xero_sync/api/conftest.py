"""Limiters with books of their own, and a client of the simulator."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.support import limiting, sdk_client, simulator_process


@pytest.fixture
def books() -> Iterator[limiting.Books]:
    """A corner of the real Valkey, empty."""
    with limiting.corner() as corner:
        yield corner


@pytest.fixture
def xero(person: simulator_process.Person, settings: Settings) -> sdk_client.Xero:
    """A client of somebody who has connected, and the simulator that it asks."""
    settings.XERO_API_URL = person.url
    return sdk_client.Xero(sdk_client.client_of(person), person)
