"""Who has the numbers of learners in Xero: asked for together, or singly where that is refused.

Xero's list of contacts is filtered by ContactNumber, which is none of the fields that its page on
efficient filtering names for contacts. Its guard of very large organisations may refuse that, now
and for good. A contact is found at the address of its number as well, which is no filter (tried
live): one call each. Where several contacts share a number it shows one of them; the others are
known as far as they are stored here.
"""

import logging
import re
from collections.abc import Sequence

from xero_sync.api import client, errors, responses, sessions
from xero_sync.contacts import narrowing

logger = logging.getLogger(__name__)

# What any address holds as it is.
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?")


def ask(
    session: sessions.Session, numbers: Sequence[str]
) -> tuple[list[responses.Page], dict[str, str]]:
    """Return the contacts with these numbers, to be mirrored, and {number: Xero's words}.

    The latter are those that Xero could not read.

    :raises errors.XeroError: nothing that was asked for is to blame.
    """
    pages: list[responses.Page] = []
    unread: dict[str, str] = {}
    for some in client.number_batches(numbers):
        try:
            found, faults = narrowing.ask(some, session.contacts_by_number)
        except errors.Rejected as error:
            logger.info("Xero took no list of numbers (correlation %s)", error.correlation_id)
            found, faults = _one_by_one(session, some)
        pages += found
        unread |= faults
    return pages, unread


def _one_by_one(
    session: sessions.Session, numbers: Sequence[str]
) -> tuple[list[responses.Page], dict[str, str]]:
    """Ask for each at its own address.

    Whether Xero's servers take every sign there is not known: some web servers refuse a few even
    encoded. So a refusal counts as the number's own where it has any such, and as nobody's where it
    has none. One that is not found although it is there is refused as taken when it is sent, by
    its number or by its name, since what is made is never written over another.
    """
    pages: list[responses.Page] = []
    unread: dict[str, str] = {}
    for number in numbers:
        if not client.can_be_addressed(number):
            unread[number] = "no address can hold it."
            continue
        try:
            pages.append(session.contact_by_number(number))
        except errors.NotFound:
            continue
        except errors.Rejected as error:
            if _PLAIN.fullmatch(number):
                raise
            unread[number] = narrowing.words_of(error)
    return pages, unread
