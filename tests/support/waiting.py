"""Waiting for what is on its way. It costs nothing where it comes, and ends where it never does."""

import time
from collections.abc import Callable

# For whatever only waits: a machine may stand still for seconds, and all going well it costs none.
TIMEOUT = 30


def wait_until(
    holds: Callable[[], bool], *, seconds: float = 2 * TIMEOUT, pause: float = 0.02
) -> bool:
    """Return whether the condition came true in time; `pause` is between two looks."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(pause)
    return holds()
