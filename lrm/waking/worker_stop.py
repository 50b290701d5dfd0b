"""Whether this worker was told to stop: a turn of work then ends after the step that it is in.

Celery waits for the tasks that run, and a turn may take half a minute. The flag is a byte of memory
that the processes of a worker's pool share with the one that is told; each turn looks at it where
it looks at the clock. Who does not end in time is killed, which loses nothing: the rows' leases
lapse.
"""

import mmap
from typing import Any

# Anonymous and shared: what the main process writes, those that it forked read.
_asked = mmap.mmap(-1, 1)


def ask(**_signal: Any) -> None:
    """Have turns end soon; connected to Celery's signal that the worker is shutting down."""
    _asked[0] = 1


def is_asked() -> bool:
    """Return whether turns should end."""
    return bool(_asked[0])
