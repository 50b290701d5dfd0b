"""Fixtures that many tests share. Rows are made in each test with `tests.support.builders`."""

import pytest

from lrm.models import Portal
from tests.support import builders


@pytest.fixture
def portal(db: None) -> Portal:
    """The portal most tests play in."""
    return builders.make_portal()
