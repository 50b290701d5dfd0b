"""`sweep TIMES`: one worker sweeps every organisation, TIMES times over, one after the other.

Prints the seconds of each time, and those of this process's processor; the first one also brings
what was never swept.
"""

import json
import sys
import time

from benchmarks.parts import product
from xero_sync.models import Cursor
from xero_sync.sweeps import sweeper


def sweep_all() -> tuple[float, float]:
    """Sweep all that is connected once; return the seconds it took, and those of the processor.

    :raises RuntimeError: a sweep was put off.
    """
    ids = list(Cursor.objects.values_list("organisation_id", flat=True).distinct())
    Cursor.objects.update(next_due_at=product.clock())
    cpu, began = time.process_time(), time.perf_counter()
    for organisation_id in ids:
        delay = sweeper.sweep(organisation_id=organisation_id, clock=product.clock)
        if delay is not None:
            raise RuntimeError(f"The sweep of {organisation_id} was put off by {delay}.")
    return time.perf_counter() - began, time.process_time() - cpu


def main(times: int) -> None:
    """Measure so many sweeps of everything."""
    seconds, cpu_seconds = zip(*(sweep_all() for _ in range(times)), strict=True)
    organisations = Cursor.objects.values("organisation_id").distinct().count()
    told = {"seconds": seconds, "cpu_seconds": cpu_seconds}
    print(json.dumps({**told, "organisations": organisations}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
