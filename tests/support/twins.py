"""One story in two portals: the same ids in two organisations, which must know nothing of it.

Xero gives no id twice. Here it does, on purpose: whoever forgets in a query whose rows it is about
then reads or writes the twin's, of which there are just as many.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, Model

from connected_apps.models import Connection, Organisation
from invoices.models import (
    Allocation,
    Contact,
    ContactDecision,
    ContactLink,
    ContactLinkChange,
    Document,
    DocumentMove,
    DocumentVersion,
    ReadBy,
)
from lrm.models import Learner, Portal, User
from tests.support import bad_documents, builders, contact_pages, document_builders
from xero_sync.api import json_codec, responses
from xero_sync.models import ContactPush, ContactQuestion, QuarantinedDocument, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.store import (
    contact_links,
    credit_mismatches,
    link_decisions,
    page_store,
    problem_count,
    quarantine,
)

A, B, C, D = (UUID(int=n) for n in range(1, 5))
BEGAN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
# Each with the way to its portal, and with what tells its rows apart instead of ids of ours.
_TABLES: tuple[tuple[type[Model], str, dict[str, str]], ...] = (
    (Contact, "organisation__portal", {}),
    (Document, "organisation__portal", {}),
    (Allocation, "document__organisation__portal", {"document": "document__xero_id"}),
    (DocumentVersion, "document__organisation__portal", {"document": "document__xero_id"}),
    (DocumentMove, "organisation__portal", {}),
    (ContactLink, "organisation__portal", {"learner": "learner__number"}),
    (ContactLinkChange, "organisation__portal", {"learner": "learner__number"}),
    (ContactDecision, "organisation__portal", {"learner": "learner__number"}),
    (ContactQuestion, "organisation__portal", {"learner": "learner__number"}),
    (ContactPush, "learner__portal", {"learner": "learner__number"}),
    (QuarantinedDocument, "organisation__portal", {}),
    (WebhookEvent, "organisation__portal", {}),
    (Connection, "portal", {}),
)
# Ids and times of ours, which differ from portal to portal.
_OWN = {"id", "portal", "organisation", "by", "change", "grant", "correlation_id"}


@dataclass
class Side:
    """A portal in which the story is played."""

    portal: Portal
    user: User
    organisation: Organisation
    learners: dict[str, Learner] = field(default_factory=dict)
    turns: int = 0

    @property
    def now(self) -> datetime:
        """Return the moment of the turn that is under way."""
        return BEGAN + timedelta(minutes=self.turns)

    def play(self, turns: int | None = None, after_each: Callable[[], object] = bool) -> None:
        """Play so many turns of the story, or all."""
        for turn in STORY[:turns]:
            turn(self)
            self.turns += 1
            after_each()

    def save(self, number: str, name: str, email: str = "", *, now: str = "") -> None:
        """Save a learner as the form does, maybe with another number by now."""
        given, family = name.split(" ")
        details = {"number": now or number, "given_name": given, "family_name": family}
        learner = self.learners.get(number)
        self.learners[number] = contact_pages.save(self.user, learner, email=email, **details)

    def contacts(self, *elements: dict[str, Any]) -> None:
        """Store a page of contacts."""
        self._store(Resource.CONTACT, *elements)

    def invoices(self, *elements: dict[str, Any]) -> None:
        """Store a page of invoices."""
        self._store(Resource.INVOICE, *elements)

    def credits(self, *elements: dict[str, Any]) -> None:
        """Store a page of credit notes."""
        self._store(Resource.CREDIT_NOTE, *elements)

    def _store(self, resource: Resource, *elements: dict[str, Any]) -> None:
        stamped = [{"UpdatedDateUTC": self._stamp(), **one} for one in elements]
        as_read = json_codec.loads(json.dumps(stamped).encode())
        page = responses.Page(as_read, 1, len(as_read), 1000, self.now, None, 0, {})
        with transaction.atomic():
            written = page_store.store(
                organisation_id=self.organisation.pk,
                resource=resource,
                page=page,
                by=ReadBy.SWEEP,
                now=self.now,
            )
            credit_mismatches.follow(
                organisation_id=self.organisation.pk,
                resource=resource,
                written=written,
                now=self.now,
            )

    def _stamp(self) -> str:
        return f"/Date({1_772_323_200_000 + 1000 * self.turns}+0000)/"

    def decide(self, decide: Callable[..., Any], number: str, contact_id: UUID) -> Any:
        """Have somebody say something of a learner and a contact."""
        return decide(
            organisation=self.organisation,
            learner_id=self.learners[number].pk,
            contact_id=contact_id,
            by=self.user,
            now=self.now,
        )

    def rows(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return all that is the portal's, as it is stored; PostgreSQL gives no order by itself."""
        mine = [
            (model, model._default_manager.filter(**{owner: self.portal}))
            for model, owner, _ in _TABLES
        ]
        return [(model.__name__, list(rows.order_by("pk").values())) for model, rows in mine]

    def said(self) -> list[tuple[str, list[str]]]:
        """Return the same without ids and times of ours: what another portal's must be, too."""
        return [(model.__name__, self._said(model, owner, by)) for model, owner, by in _TABLES]

    def _said(self, model: type[Model], owner: str, by: dict[str, str]) -> list[str]:
        names = [
            by.get(each.name, each.name)
            for each in model._meta.concrete_fields
            if each.name not in _OWN and not isinstance(each, DateTimeField)
        ]
        rows = model._default_manager.filter(**{owner: self.portal}).values_list(*names)
        return sorted(
            str({name: _plain(value) for name, value in zip(names, row, strict=True)})
            for row in rows
        )

    def counts(self) -> list[int]:
        """Return what is counted of what could not be stored."""
        connection = Connection.objects.get(portal=self.portal)
        problem_count.recount(
            connection=connection, organisation_id=self.organisation.pk, now=self.now
        )
        connection.refresh_from_db()
        missing = quarantine.missing_count(self.organisation.pk, Resource.INVOICE)
        return [connection.problem_count, missing]


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, memoryview) else value


def side(portal: Portal | None = None) -> Side:
    """Return a side that stands at the beginning of the story."""
    portal = portal or builders.make_portal("Saltbush")
    user = builders.make_user(portal, portal_admin=True, first_name="Sam", last_name="Banksia")
    return Side(portal, user, document_builders.make_organisation(portal))


def _contact(
    contact_id: UUID, name: str, number: str = "", *, into: UUID | None = None, **more: Any
) -> dict[str, Any]:
    merged = {"MergedToContactID": str(into), "ContactStatus": "ARCHIVED"} if into else {}
    return {
        "ContactID": str(contact_id),
        "Name": name,
        "ContactNumber": number,
        "ContactStatus": "ACTIVE",
        **merged,
        **more,
    }


def _invoice(number: int, contact_id: UUID, name: str = "As It Was", **more: Any) -> dict[str, Any]:
    contact = {"ContactID": str(contact_id), "Name": name}
    return bad_documents.invoice(number, Contact=contact, UpdatedDateUTC=..., **more)


def _credit(*applied_to: int) -> dict[str, Any]:
    return {
        "Type": "ACCRECCREDIT",
        "CreditNoteID": str(UUID(int=77)),
        "CreditNoteNumber": "CN-1",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": str(A), "Name": "Mei Kelly"},
        "DateString": "2026-05-01T00:00:00",
        "LineItems": [],
        "Total": 110.00,
        "RemainingCredit": 110.00 - 10.00 * len(applied_to),
        "CurrencyCode": "AUD",
        "Allocations": [
            {
                "AllocationID": str(UUID(int=700 + number)),
                "Amount": 10.00,
                "Invoice": {"InvoiceID": _invoice(number, A)["InvoiceID"]},
            }
            for number in applied_to
        ],
    }


def _learners(one: Side) -> None:
    one.save("L1", "Mei Kelly", "mei@example.com")
    one.save("L2", "Ben Ito", "ben@example.com")
    one.save("L3", "Sol Banksia", "sol@example.com")


def _first_contacts(one: Side) -> None:
    one.contacts(
        _contact(A, "Mei Kelly", "L1"),
        _contact(B, "Somebody Else", "L2", EmailAddress="ben@example.com"),
        _contact(C, "Sol Banksia", EmailAddress="sol@example.com"),
    )


def _first_invoices(one: Side) -> None:
    one.invoices(_invoice(1, A), _invoice(2, B), _invoice(3, C, Total="a lot"), _invoice(4, C))


def _a_bad_one(one: Side) -> None:
    one.invoices(_invoice(5, A, Total="a lot"), _invoice(3, C))


def _another_name(one: Side) -> None:
    one.contacts(_contact(A, "Mei Kelly-Ito", "L1"))


def _a_credit(one: Side) -> None:
    one.credits(_credit(1, 2))


def _a_credit_taken_back(one: Side) -> None:
    one.credits(_credit(2))


def _everything_followed(one: Side) -> None:
    credit_mismatches.follow_all(organisation_id=one.organisation.pk, now=one.now)


def _the_same_address(one: Side) -> None:
    one.save("L4", "Ola Wattle", "ben@example.com")


def _another_address(one: Side) -> None:
    one.save("L4", "Ola Wattle", "ola@example.com")


def _a_decision(one: Side) -> None:
    one.decide(link_decisions.link, "L2", B)


def _another_decision(one: Side) -> None:
    line = one.decide(link_decisions.unlink, "L2", B)
    link_decisions.undo(change_id=line.pk, by=one.user, now=one.now)


def _a_decision_taken_back(one: Side) -> None:
    one.decide(link_decisions.clear_decision, "L2", B)


def _a_contact_of_ours(one: Side) -> None:
    with transaction.atomic():
        contact_links.hold([one.organisation.tenant_id])
        pairs = [(one.learners["L3"].pk, C)]
        contact_links.make_own(organisation=one.organisation, pairs=pairs, now=one.now)


def _a_merge(one: Side) -> None:
    one.contacts(_contact(A, "Mei Kelly-Ito", "L1", into=D))


def _its_winner(one: Side) -> None:
    one.contacts(_contact(D, "Another Name"))


def _a_document_moves(one: Side) -> None:
    one.invoices(_invoice(2, C))


def _it_was_no_merge(one: Side) -> None:
    one.contacts(_contact(B, "Somebody Else", "L2"))


def _another_number(one: Side) -> None:
    one.save("L1", "Mei Kelly", "mei@example.com", now="L9")


STORY: tuple[Callable[[Side], None], ...] = (
    _learners,
    _first_contacts,
    _first_invoices,
    _a_bad_one,
    _another_name,
    _a_credit,
    _a_credit_taken_back,
    _everything_followed,
    _the_same_address,
    _another_address,
    _a_decision,
    _another_decision,
    _a_decision_taken_back,
    _a_contact_of_ours,
    _a_merge,
    _its_winner,
    _a_document_moves,
    _it_was_no_merge,
    _another_number,
)
