"""The tabs of the contacts page, and the keys of their rows."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Tab(StrEnum):
    """A tab, by its name in the address."""

    LINKED = "linked"
    QUESTIONS = "questions"
    WITHOUT_CONTACT = "without-contact"
    NO_LEARNER = "no-learner"
    REFUSED = "refused"
    LEFT_OUT = "left-out"


class LeftOut(StrEnum):
    """Who is on the last tab, by its name in the address."""

    LEARNERS = "learners"
    SUPPLIERS = "suppliers"
    ARCHIVED = "archived"


LABELS: dict[Tab, str] = {
    Tab.LINKED: "Linked",
    Tab.QUESTIONS: "Questions",
    Tab.WITHOUT_CONTACT: "Without a contact",
    Tab.NO_LEARNER: "Documents but no learner",
    Tab.REFUSED: "Refused by Xero",
    Tab.LEFT_OUT: "Left out, and why",
}
LEFT_OUT_LABELS: dict[LeftOut, str] = {
    LeftOut.LEARNERS: "Learners not ticked",
    LeftOut.SUPPLIERS: "Suppliers only",
    LeftOut.ARCHIVED: "Archived contacts",
}


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is about: a learner, a contact in Xero, or a learner and a contact."""

    learner_id: int | None = None
    contact_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.learner_id or ''}.{self.contact_id or ''}"


def key_of(text: str) -> Key | None:
    """Return the key that a check box names, None where it names none."""
    learner, dot, contact = text.partition(".")
    if not dot or not (learner or contact) or len(learner) > 18:
        return None
    if learner and not (learner.isascii() and learner.isdigit()):
        return None
    try:
        return Key(int(learner) if learner else None, UUID(contact) if contact else None)
    except ValueError:
        return None
