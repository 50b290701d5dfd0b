"""The rule of identity as the oracle knows it, written from its words and not from the product's.

Only as rich as the names, addresses and numbers that schedules play with.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

Row = dict[str, Any]


class Facts(NamedTuple):
    """What a person typed of a learner."""

    number: str
    given: str
    family: str
    email: str

    @property
    def full_name(self) -> str:
        """Return the name as Xero gets it."""
        return f"{self.given} {self.family}".strip()


def brief(contact: Row | None) -> str:
    """Return a contact in few words, to be told."""
    if contact is None:
        return "nobody"
    told = ("name", "number", "email", "status", "merged_to")
    return f"{contact['contact_id'][:8]} {[contact[name] for name in told]}"


def same_number(facts: Facts, contact: Row) -> bool:
    """Whether both have the same number."""
    return bool(facts.number) and facts.number == contact["number"]


def same_name(facts: Facts, contact: Row) -> bool:
    """Whether the contact's name, or its given and family name, is the learner's."""
    ours = _words(facts.full_name)
    parts = contact["given_name"], contact["family_name"]
    return ours == _words(contact["name"].replace(f" ({facts.number})", "")) or (
        all(parts) and ours == _words(" ".join(parts))
    )


def same_email(facts: Facts, contact: Row) -> bool:
    """Whether both have the same address."""
    return bool(facts.email) and facts.email.lower() == contact["email"].lower()


def agrees(facts: Facts, contact: Row) -> bool:
    """Whether name or address agree, without which nothing of a stranger may show."""
    return same_name(facts, contact) or same_email(facts, contact)


def is_shared(email: str, others: Iterable[Facts], contacts: Iterable[Row]) -> bool:
    """Whether one of the other learners, or of the other active contacts, has an address too."""
    emails = [one.email for one in others]
    emails += [one["email"] for one in contacts if one["status"] == "ACTIVE"]
    return email.lower() in {one.lower() for one in emails}


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFD", name.lower())
    return sorted(re.findall(r"\w+", re.sub("[\u0300-\u036f]", "", plain)))
