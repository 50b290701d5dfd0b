"""A learner and a contact side by side: what agrees, what differs, in words.

It says no more than the rule of identity would: agreement is asked of `invoices.rules.identity`,
which takes no notice of letter case, accents and the order of names.
"""

from collections.abc import Callable
from dataclasses import dataclass

from invoices.rules import identity

SAME, WRITTEN_DIFFERENTLY, DIFFERS = "same", "same, written differently", "differs"
ONLY_HERE, ONLY_IN_XERO, NOWHERE = "none in Xero", "none here", "none in both"


@dataclass(frozen=True, slots=True)
class Line:
    """One detail on both sides, and what to make of it."""

    label: str
    here: str
    in_xero: str
    words: str

    @property
    def look(self) -> str:
        """The look of its pill; the words carry the meaning."""
        if self.words in (SAME, WRITTEN_DIFFERENTLY):
            return "ok"
        return "warn" if self.words == DIFFERS else "idle"


def lines_of(learner: identity.LearnerFacts, contact: identity.ContactFacts) -> list[Line]:
    """Return number, name and e-mail address of both, compared."""
    pair = identity.Pair(learner, contact)
    name = f"{learner.given_name} {learner.family_name}".strip()
    own = f"{contact.first_name} {contact.last_name}".strip()
    # A company's contact may name its person apart; that name is shown where it says more.
    shown = f"{contact.name} ({own})" if own and own != contact.name else contact.name
    return [
        _line("Number", learner.number, contact.number, lambda: pair.numbers_agree),
        _line("Name", name, shown, lambda: pair.names_agree),
        _line("E-mail", learner.email, contact.email, lambda: pair.emails_agree),
    ]


def _line(label: str, here: str, in_xero: str, agree: Callable[[], bool]) -> Line:
    if not (here and in_xero):
        words = ONLY_HERE if here else ONLY_IN_XERO if in_xero else NOWHERE
    elif agree():
        words = SAME if here == in_xero else WRITTEN_DIFFERENTLY
    else:
        words = DIFFERS
    return Line(label, here, in_xero, words)
