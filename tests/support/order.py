"""The order of tests: what takes long begins first, so that no process is left alone with it.

Otherwise the longest come last, because Django's tests without a database follow those with one.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that are marked as slow before all others, each group in its own order."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
