"""Fixtures that many tests share. Rows are made in each test with `tests.builders`."""

import pytest

from lrm.models import Portal
from tests import builders


@pytest.fixture
def portal(db: None) -> Portal:
    """The portal most tests play in."""
    return builders.make_portal()
