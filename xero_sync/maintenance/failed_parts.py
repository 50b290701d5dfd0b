"""What Xero will not do for one part of the day's work, kept until the others are done.

The role of who connected may close one kind to us (Xero answers 403), and the guard of very large
organisations may take no list of another (400). Both last for days, and no other part may wait for
them. What stands in the way of all, such as a limit or an outage, is none of these.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from xero_sync.api import errors

logger = logging.getLogger(__name__)


class FailedParts:
    """The parts of a turn of work that Xero refused, rejected, or answered oddly."""

    def __init__(self) -> None:
        self._first: errors.XeroError | None = None

    @contextmanager
    def part(self) -> Iterator[None]:
        """Do one part; where Xero will not, what it said is kept and the next part may begin."""
        try:
            yield
        except (errors.Rejected, errors.Refused, errors.Unexpected) as error:
            told = (error.asked_for or "the day's work", type(error).__name__)
            logger.warning("Went on without %s: %s", *told)
            self._first = self._first or error

    def raise_first(self) -> None:
        """End the turn by what was kept first, if anything was.

        :raises errors.XeroError: it.
        """
        if self._first is not None:
            raise self._first
