"""The order of tests: what takes long begins first, so that no process is left alone with it.

Otherwise the longest come last, because Django's tests without a database follow those with one.
How long a test takes is told by the time that it asks for.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with the longest timeouts first; those with the same stay in their order."""
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker and marker.args else 0.0
