"""Learners saved as the form saves them, and the contacts they become in Xero."""

from typing import Any

from lrm.models import Learner
from lrm.roster import learners
from tests.support.linked import Linked, clock


def save(linked: Linked, learner: Learner | None = None, **details: Any) -> Learner:
    """Save a learner the way the form does."""
    given = {
        "number": "L900001",
        "given_name": "Imogen",
        "family_name": "Made-Up",
        "email": "imogen@example.com",
        "mobile": "0400 000 001",
        "sync_to_xero": True,
        **details,
    }
    return learners.save_learner(
        portal=linked.portal,
        details=learners.LearnerDetails(**given),
        by=linked.manager,
        now=clock(),
        learner=learner,
    )


def contacts_numbered(linked: Linked, number: str) -> list[dict[str, Any]]:
    """Return Xero's contacts with this number."""
    return [one for one in linked.books()["contacts"] if one["number"] == number]


def identity_of(contact: dict[str, Any]) -> dict[str, Any]:
    """Return the number and names by which a learner is this contact of Xero's books."""
    return {name: contact[name] for name in ("number", "given_name", "family_name")}
