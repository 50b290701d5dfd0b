"""A portal admin who may name programs on this machine."""

import pytest
from pytest_django.fixtures import Settings

from lrm.models import Portal
from tests.support import builders
from tests.support.hooks import Desk


@pytest.fixture
def desk(portal: Portal, settings: Settings) -> Desk:
    """Give a portal admin who may name addresses of this machine."""
    settings.WEBHOOK_LOCAL_TARGETS = True
    return Desk(portal, builders.make_user(portal, portal_admin=True))
