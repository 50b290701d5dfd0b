"""Whether what failed together may have failed because of one part of it, and its halves.

Xero answers 500 for one document, or a reply cannot be read or stored. Then nothing else that was
asked for with it may wait for it.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError

from connected_apps import errors as connection_errors
from xero_sync.api import errors
from xero_sync.jobs import leases


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
