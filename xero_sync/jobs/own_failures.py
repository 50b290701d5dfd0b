"""Whether what failed together may have failed because of one part of it, and its halves.

Xero answers 500 for one document, or a reply cannot be read or stored. Then nothing else that was
asked for with it may wait for it.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError

from connected_apps import errors as connection_errors
from xero_sync.api import errors
from xero_sync.jobs import leases

logger = logging.getLogger(__name__)


def may_be_its_own(error: Exception) -> bool:
    """Return whether a failure may lie in what was asked for, and not in Xero or ourselves."""
    if isinstance(error, errors.Unavailable):
        # A 503 is the gateway's word: it is about Xero or the organisation as a whole.
        return error.status != 503
    if isinstance(error, errors.XeroError):
        return isinstance(error, errors.Rejected | errors.Unexpected)
    everybodys = (
        *(OperationalError, InterfaceError),
        *(connection_errors.ConnectedAppsError, leases.LeaseLost),
    )
    return not isinstance(error, everybodys)


def halves(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    """Cut what failed together in two."""
    middle = len(ids) // 2
    return [ids[:middle], ids[middle:]]


def read_by_halves(
    batches: Iterable[Sequence[UUID]],
    read: Callable[[Sequence[UUID]], None],
    *,
    most_failures: int,
    after_failure: Callable[[], None] = lambda: None,
) -> list[UUID]:
    """Read batches of ids, and what fails together by halves; return what fails alone.

    Whether Xero answers at all is for the caller to ask: an outage looks the same here.

    :param most_failures: after so many the rest is left out: half an outage must not become
        hundreds of calls.
    :param after_failure: called after each, such as to renew a lease.
    :raises Exception: what stands in the way of all.
    """
    waiting = deque(batches)
    alone: list[UUID] = []
    failed = 0
    while waiting and failed < most_failures:
        some = waiting.popleft()
        try:
            read(some)
        except Exception as error:
            if not may_be_its_own(error):
                raise
            failed += 1
            logger.warning("%s ids could not be read together: %s", len(some), type(error).__name__)
            if len(some) > 1:
                waiting.extend(halves(some))
            else:
                alone += some
            after_failure()
    return alone
