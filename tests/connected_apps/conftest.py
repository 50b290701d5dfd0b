"""A portal with its people, and a pretend Xero they can connect it to."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from lrm.models import Portal, User

# The simulator as a process, put back to its seeded start for each test.
from tests.simulator.conftest import simulator, simulator_url  # noqa: F401 - fixtures by name
from tests.support import builders, xero


@pytest.fixture
def world(simulator: str, settings: Settings) -> xero.World:  # noqa: F811 - the fixture
    """Point the product at the simulator."""
    settings.XERO_AUTHORIZE_URL = f"{simulator}/identity/connect/authorize"
    settings.XERO_IDENTITY_URL = simulator
    settings.XERO_API_URL = simulator
    return xero.World(simulator)


@pytest.fixture
def manager(portal: Portal) -> User:
    """A portal admin with an LRM role: the one who may act."""
    return builders.make_user(
        portal, username="manager", portal_admin=True, first_name="Morgan", last_name="Hale"
    )


@pytest.fixture
def browser(
    world: xero.World, manager: User, django_capture_on_commit_callbacks: Any
) -> xero.Browser:
    """The manager at the screen."""
    return xero.Browser(world, manager, django_capture_on_commit_callbacks)
