"""Marks of what a page showed of pairs, so that an act is good for what somebody saw.

A page may stay open for hours, while somebody in Xero makes a contact another person's, or a
colleague links it with a namesake.
"""

import dataclasses
import hashlib
from collections.abc import Collection, Iterable

from invoices.rules import identity


def of_pair(
    learner: identity.LearnerFacts,
    contact: identity.ContactFacts,
    *,
    linked: Collection[int] = (),
) -> str:
    """Return the mark of a learner and a contact side by side.

    :param linked: the ids of the learners who have the contact.
    """
    shown = (dataclasses.astuple(learner), dataclasses.astuple(contact), sorted(linked))
    return _digest(repr(shown))


def of_row(pairs: Iterable[str]) -> str:
    """Return the mark of all that is suggested for a row; one of its own where that is nothing.

    :param pairs: the marks of the pairs.
    """
    return _digest(" ".join(pairs))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
