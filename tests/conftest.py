"""Where all fixtures come from, and which tests are slow.

Rows are made in each test with `tests.support.builders`.
"""

import functools
from pathlib import Path

import pytest

# Before anything of it is imported: what a helper asserts is then as telling as in a test.
pytest.register_assert_rewrite("tests.support")
pytest_plugins = [
    "tests.support.order",
    "tests.support.asked_of_xero",
    "tests.support.fixtures",
    "tests.support.linked",
    "tests.support.hook_receiver",
]

HERE = Path(__file__).parent
# `make check` leaves these out, so that it stays under two minutes: whole products, kills and
# random faults, whole re-syncs, and what waits for clocks and processes. `make test` runs them.
SLOW = (
    "benchmarks/test_smoke.py",
    "concurrency",
    "connected_apps/test_backfill.py",
    "convergence",
    "platform/test_broker_away.py",
    "platform/test_demo.py",
    "platform/test_local_services.py",
    "platform/test_orderly_stop.py",
    "platform/test_pooler.py",
    "platform/test_production_web.py",
    "platform/test_second_app.py",
    "platform/test_settings.py",
    "platform/test_slow_xero.py",
    "platform/test_smoke.py",
    "security/test_front_proxy.py",
    "simulator/test_limits.py",
    "simulator/test_persistence.py",
    "simulator/test_scripted_limits.py",
    "upgrade",
    "xero_sync/api/test_client.py",
    "xero_sync/api/test_client_faults.py",
    "xero_sync/api/test_rate_limiter_processes.py",
    "xero_sync/document_history",
    "xero_sync/jobs/test_lost_wake_ups.py",
    "xero_sync/maintenance",
    "xero_sync/pull",
    "xero_sync/runs",
    "xero_sync/status",
    "xero_sync/test_contract.py",
    "xero_sync/webhooks/test_bad_events.py",
    "xero_sync/webhooks/test_event_bursts.py",
    "xero_sync/webhooks/test_event_throttle.py",
    "xero_sync/webhooks/test_instant_updates.py",
    "xero_sync/webhooks/test_ten_thousand.py",
)
# `make test-browser` looks nowhere else.
BROWSER = ("journeys", "platform")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow files and folders; refuse a path that is not there any more.

    Refuse a test in a browser where none is looked for, too.
    """
    if gone := [path for path in (*SLOW, *BROWSER) if not (HERE / path).exists()]:
        raise pytest.UsageError(f"tests/conftest.py names what does not exist: {gone}")
    for item in items:
        if item.get_closest_marker("browser") and not _stands_in(item.path, BROWSER):
            raise pytest.UsageError(f"make test-browser would not find {item.nodeid}")
        if _stands_in(item.path, SLOW):
            item.add_marker(pytest.mark.slow)


@functools.cache
def _stands_in(path: Path, places: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(HERE / place) for place in places)
