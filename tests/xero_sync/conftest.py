"""Portals that are not only connected, but hold what Xero holds."""

import pytest

from tests.support.linked import Linked
from tests.support.resyncs import ask
from xero_sync.models import RunState


@pytest.fixture
def resynced(linked: Linked) -> Linked:
    """Give a portal whose every document was re-synced."""
    assert linked.work(ask(linked)).state == RunState.DONE
    return linked


@pytest.fixture
def known(linked: Linked) -> Linked:
    """Give a portal whose documents are all stored, and which no webhook tells of changes."""
    linked.world.do("webhooks", enabled=False)
    assert linked.work(ask(linked)).state == RunState.DONE
    return linked
