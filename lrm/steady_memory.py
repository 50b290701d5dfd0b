"""What a web process loads for good is left out of the garbage collector's rounds.

The modules, models and addresses of the product are some million objects, none of which is ever
garbage. Looking through them takes about 85 ms, and the page that happens to be made meanwhile
waits for it. Frozen they are looked through no more, and a full round takes a few milliseconds.
"""

import gc

from django.urls import get_resolver


def settle() -> None:
    """Load what the first requests would load, and freeze all that is there."""
    # Views and forms come with the addresses, which are looked up by the first request else.
    get_resolver().url_patterns  # noqa: B018 - loads them
    gc.collect()
    gc.freeze()
