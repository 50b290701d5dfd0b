"""What a web process loads for good is left out of the garbage collector's rounds.

The modules, models and addresses of the product are some million objects, none of which is ever
garbage. Looking through them takes about 85 ms, and the page that happens to be made meanwhile
waits for it. Frozen they are looked through no more, and a full round takes a few milliseconds.
"""

import gc

from django.urls import resolve


def settle() -> None:
    """Load what the first requests would load, and freeze all that is there."""
    # With the first address that is looked up come all others, and their views and forms.
    resolve("/")
    gc.collect()
    gc.freeze()
