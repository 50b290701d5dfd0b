"""Keeping Python's cycle collector out of the way while pages are read and written.

A page of 1,000 documents is some fifty thousand small objects and not one cycle. The collector
looks at all of them again and again as they are made, and at all of Django with them: a third of a
re-sync's time. While a walk lasts it looks a hundred times less often; it still looks, so that a
long walk does not gather what fails in cycles.
"""

import contextlib
import gc
import threading
from collections.abc import Iterator

SELDOM = (100_000, 20, 50)

_lock = threading.Lock()
_walks = 0
_usual = gc.get_threshold()


@contextlib.contextmanager
def seldom() -> Iterator[None]:
    """Let the collector look seldom until the last of the blocks inside this has ended."""
    global _walks, _usual
    with _lock:
        if not _walks:
            _usual = gc.get_threshold()
            gc.set_threshold(*SELDOM)
        _walks += 1
    try:
        yield
    finally:
        with _lock:
            _walks -= 1
            if not _walks:
                gc.set_threshold(*_usual)
