"""Where all fixtures come from, and which tests are slow.

Rows are made in each test with `tests.support.builders`.
"""

from pathlib import Path

import pytest

# Before anything of it is imported: what a helper asserts is then as telling as in a test.
pytest.register_assert_rewrite("tests.support")
pytest_plugins = [
    "tests.support.order",
    "tests.support.asked_of_xero",
    "tests.support.fixtures",
    "tests.support.linked",
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
    "platform/test_production_web.py",
    "platform/test_settings.py",
    "platform/test_slow_xero.py",
    "platform/test_smoke.py",
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow files and folders; refuse a path that is not there any more."""
    slow = [HERE / path for path in SLOW]
    if gone := [str(path) for path in slow if not path.exists()]:
        raise pytest.UsageError(f"tests/conftest.py calls slow what does not exist: {gone}")
    for item in items:
        if any(item.path.is_relative_to(path) for path in slow):
            item.add_marker(pytest.mark.slow)
