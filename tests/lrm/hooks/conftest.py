"""A portal admin, and a program that listens on this machine."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from lrm.models import Portal
from tests.support import builders, hook_receiver
from tests.support.hook_receiver import Receiver
from tests.support.hooks import Desk


@pytest.fixture
def desk(portal: Portal, settings: Settings) -> Desk:
    """Give a portal admin who may name addresses of this machine."""
    settings.WEBHOOK_LOCAL_TARGETS = True
    return Desk(portal, builders.make_user(portal, portal_admin=True))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a program that listens."""
    with hook_receiver.listening() as running:
        yield running
