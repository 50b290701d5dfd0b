"""People who work with learners, at their browser, and accounts at Xero's own pages.

For journeys of who is who: what a person types and sees, the workers' turns, and the far side.
"""

import re
from typing import Any
from uuid import UUID

from django.test import Client

from invoices.models import ContactLinkChange
from lrm.models import Learner
from tests.support import builders
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked, clock
from xero_sync.contacts import link_acts, push_queue
from xero_sync.models import ContactPush

MOST_TURNS = 6


def form(**details: Any) -> dict[str, Any]:
    """Return what a person types into the learner form."""
    return {
        "number": "L900001",
        "given_name": "Imogen",
        "family_name": "Made-Up",
        "email": "imogen@example.com",
        "mobile": "",
        "country": "Australia",
        **details,
    }


class Staff:
    """Somebody who works with learners of one portal, at their browser."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        self.client: Client = builders.client_of(linked.manager)

    def save(self, learner: Learner | None = None, *, ticked: bool, **details: Any) -> Learner:
        """Add a learner by the form, or change one."""
        address = f"/learners/{learner.pk}/edit/" if learner else "/learners/new/"
        typed = form(**details) | ({"sync_to_xero": "on"} if ticked else {})
        answer = self.client.post(address, typed)
        assert answer.status_code == 302, answer.content.decode()
        return self.linked.portal.learners.get(number=typed["number"])

    def invoices(self, learner: Learner) -> str:
        """Return what the learner's page says, in words."""
        answer = self.client.get(f"/learners/{learner.pk}/xero-invoices/")
        assert answer.status_code == 200
        main = answer.content.decode().partition("<main")[2]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))

    def shown(self, learner: Learner) -> set[str]:
        """Return the numbers of the documents on the learner's page."""
        return set(re.findall(r"INV-\d+", self.invoices(learner)))

    def answer(self, learner: Learner, contact_id: str, says: str) -> Any:
        """Press one of the two buttons, which must be on the page."""
        address = f"/learners/{learner.pk}/xero-contact/{contact_id}/"
        page = self.client.get(f"/learners/{learner.pk}/xero-invoices/").content.decode()
        assert f'action="{address}"' in page
        assert f'value="{says}"' in page
        return self.client.post(address, {"answer": says}, follow=True)

    def link(self, learner: Learner, contact_id: str) -> ContactLinkChange:
        """Link a learner to a contact, as the page of contacts does."""
        return link_acts.link(**self._of(learner, contact_id))

    def unlink(self, learner: Learner, contact_id: str) -> ContactLinkChange:
        """End the link of a learner to a contact, as the page of contacts does."""
        return link_acts.unlink(**self._of(learner, contact_id))

    def clear(self, learner: Learner, contact_id: str) -> ContactLinkChange:
        """Take back what was said, as the page of contacts does."""
        return link_acts.clear(**self._of(learner, contact_id))

    def undo(self, line: ContactLinkChange) -> ContactLinkChange:
        """Undo a line of the history, as the page of contacts does."""
        return link_acts.undo(change_id=line.pk, by=self.linked.manager, now=clock())

    def _of(self, learner: Learner, contact_id: str) -> dict[str, Any]:
        return {
            "learner": learner,
            "organisation": self.linked.organisation,
            "contact_id": UUID(contact_id),
            "by": self.linked.manager,
            "now": clock(),
        }

    def push(self) -> None:
        """Let workers take turns until no learner waits, as beat has them do."""
        for _ in range(MOST_TURNS):
            self.linked.push()
            ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)


def somebodys(linked: Linked) -> tuple[dict[str, Any], str]:
    """Return a contact of a learner, with an invoice, and the invoice's number."""
    books = linked.books()
    for contact in books["contacts"]:
        own = [d for d in books["documents"] if d["contact_id"] == contact["contact_id"]]
        invoices = [one["number"] for one in own if one["type"] == "ACCREC"]
        if contact["status"] == "ACTIVE" and re.fullmatch(r"L\d+", contact["number"]) and invoices:
            return contact, invoices[0]
    raise AssertionError("no learner has an invoice")


def contact_of(linked: Linked, contact_id: str) -> dict[str, Any]:
    """Return a contact of Xero's books."""
    found: dict[str, Any] = next(
        one for one in linked.books()["contacts"] if one["contact_id"] == contact_id
    )
    return found


def raise_invoice(linked: Linked, contact_id: str) -> str:
    """Have accounts make out an invoice in Xero, and return its number."""
    made = linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="raise",
        contact_id=contact_id,
        lines=[{"description": "Course fee", "unit_amount": "110.00"}],
    )
    number: str = next(
        one["number"] for one in linked.books()["documents"] if one["xero_id"] == made["id"]
    )
    return number


def bill(linked: Linked, learner: Learner) -> str:
    """Have accounts make out an invoice for a learner who is in Xero, and return its number."""
    (contact,) = contacts_numbered(linked, learner.number)
    return raise_invoice(linked, contact["contact_id"])


def make_by_hand(linked: Linked, **values: Any) -> str:
    """Have accounts make a contact in Xero's own pages, which know no number."""
    made = linked.world.do("contacts", tenant=linked.tenant, act="create", **values)
    return str(made["id"])


def change(linked: Linked, contact_id: str, **values: Any) -> None:
    """Have accounts change a contact in Xero's own pages."""
    linked.world.do("contacts", tenant=linked.tenant, act="update", id=contact_id, **values)


def merge(linked: Linked, loser: str, winner: str, **how: Any) -> None:
    """Have accounts merge one contact into another, as only Xero's own pages can."""
    linked.world.do(
        "contacts", tenant=linked.tenant, act="merge", loser=loser, winner=winner, **how
    )


def with_contact(staff: Staff, number: str = "L900001", **details: Any) -> tuple[Learner, str]:
    """Save a learner that reaches Xero, and return it with its contact."""
    learner = staff.save(ticked=True, number=number, **details)
    staff.push()
    return learner, contacts_numbered(staff.linked, number)[0]["contact_id"]
