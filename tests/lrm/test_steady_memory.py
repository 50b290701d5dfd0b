"""A web process that has settled: the collector looks through what requests make, and no more."""

import gc
from collections.abc import Iterator

import pytest

from lrm import steady_memory


@pytest.fixture
def thawed() -> Iterator[None]:
    """Leave this process as it was."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_is_loaded_for_good_is_looked_through_no_more() -> None:
    before = len(gc.get_objects())

    steady_memory.settle()

    assert gc.get_freeze_count() > before / 2
    assert len(gc.get_objects()) < before / 100
