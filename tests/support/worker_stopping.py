"""A worker that is told to stop, which then ends each turn after the step that it is in."""

from collections.abc import Iterator
from contextlib import contextmanager

from lrm.waking import worker_stop


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Have this process's turns end soon until the block ends."""
    worker_stop.ask()
    try:
        yield
    finally:
        worker_stop._asked[0] = 0
