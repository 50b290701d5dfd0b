"""A portal with its people, and a pretend Xero they can connect it to."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from lrm.models import Portal, User
from tests.support import builders, xero
from tests.support.simulator_client import SimulatorClient


@pytest.fixture
def world(simulator: str, settings: Settings) -> SimulatorClient:
    """Point the product at the simulator."""
    xero.point_at(simulator, settings)
    return SimulatorClient(simulator)


@pytest.fixture
def manager(portal: Portal) -> User:
    """A portal admin with an LRM role: the one who may act."""
    return builders.make_user(
        portal, username="manager", portal_admin=True, first_name="Morgan", last_name="Hale"
    )


@pytest.fixture
def browser(
    world: SimulatorClient, manager: User, django_capture_on_commit_callbacks: Any
) -> xero.Browser:
    """The manager at the screen."""
    return xero.Browser(world, manager, django_capture_on_commit_callbacks)
