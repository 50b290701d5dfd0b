"""`beat_round TIMES`: what a round of beat costs where every organisation is due to be swept.

Prints the processor seconds of each round, and how many organisations there were. What it wakes
stays in the queues, and nobody takes it.
"""

import json
import sys
import time

from benchmarks.parts import product
from xero_sync import tasks
from xero_sync.models import Cursor


def main(times: int) -> None:
    """Measure so many rounds, after one that is not counted."""
    Cursor.objects.update(next_due_at=product.clock(), leased_until=None)
    seconds = []
    for _ in range(times + 1):
        cpu = time.process_time()
        tasks.wake_all()
        seconds.append(time.process_time() - cpu)
    organisations = Cursor.objects.values("organisation_id").distinct().count()
    print(json.dumps({"cpu_seconds": seconds[1:], "organisations": organisations}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
