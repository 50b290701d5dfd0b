"""Settings of Python itself while pages are read and written.

*The cycle collector.* A page of 1,000 documents is some fifty thousand small objects and not one
cycle. The collector looks at all of them again and again as they are made, and at all of Django
with them: a third of a re-sync's time. While a walk lasts it looks a hundred times less often; it
still looks, so that a long walk does not gather what fails in cycles.

*The switch interval.* The thread that writes waits for PostgreSQL a dozen times a page. Each time
an answer is there it asks the interpreter back from the threads that prepare the next pages, which
may keep it for five milliseconds by default: as long as many of those statements take.
"""

import contextlib
import gc
import sys
import threading
from collections.abc import Iterator

SELDOM = (100_000, 20, 50)
SWITCH_SECONDS = 0.001

_lock = threading.Lock()
_walks = 0
_usual = gc.get_threshold(), sys.getswitchinterval()


@contextlib.contextmanager
def set_for_walks() -> Iterator[None]:
    """Keep the settings of a walk until the last of the blocks inside this has ended."""
    global _walks, _usual
    with _lock:
        if not _walks:
            _usual = gc.get_threshold(), sys.getswitchinterval()
            _set(SELDOM, SWITCH_SECONDS)
        _walks += 1
    try:
        yield
    finally:
        with _lock:
            _walks -= 1
            if not _walks:
                _set(*_usual)


def _set(threshold: tuple[int, int, int], switch_seconds: float) -> None:
    gc.set_threshold(*threshold)
    sys.setswitchinterval(switch_seconds)
