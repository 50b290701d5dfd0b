"""The rows of report #0443: one learner each, with the words that page and files have in common.

To add a column, add its line to `COLUMNS`: CSV, workbook and JSON have it then, and the page once
its name stands in `templates/reports/learner_cell.html`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from invoices.listing import paging
from invoices.models import Contact, ContactLink, CoverDecision, Kind
from reports.uninvoiced import criteria as criteria_module
from reports.uninvoiced.criteria import Criteria

BATCH = 2_000
PAGE_SIZE = 100
ORDER = paging.Order("created_at")
REASONS = {
    "QUESTION": "A question about the contact in Xero waits for an answer",
    "REFUSED": "Refused by Xero",
    "MAY_BE_BILLED": "An invoice to somebody else may be for this learner: nobody has said yet",
    "NOT_TICKED": "Sync to Xero is off, so there is no contact in Xero",
    "NO_CONTACT": "No contact in Xero yet",
    "NOT_APPROVED": "Only invoices that are not approved yet",
    "CANCELLED": "Only invoices that were voided or deleted",
    "CREDITS": "Only credits",
    "WITHHELD": "Only documents that are withheld since a merge in Xero",
    "NOTHING": "No document in Xero",
}
# Who may be missing from what is here is not said to have nothing in Xero.
_NOTHING_HERE = "No document here, and some of Xero are missing here"


@dataclass(frozen=True, slots=True)
class Row:
    """One learner."""

    id: int
    number: str
    name: str
    is_ticked: bool
    added_at: datetime
    added_on: date
    reason: str
    # Names of contacts in Xero that are the learner.
    contacts: tuple[str, ...]
    # Numbers of the invoices to others that cover the learner, with whom they are to.
    billed: tuple[str, ...]

    @property
    def sync(self) -> str:
        """Whether *Sync to Xero* is on."""
        return "On" if self.is_ticked else "Off"

    @property
    def contact(self) -> str:
        """The contacts as one text."""
        return "; ".join(self.contacts)

    @property
    def billed_to(self) -> str:
        """The invoices to others as one text."""
        return "; ".join(self.billed)

    @property
    def link(self) -> str:
        """Where the learner's documents stand."""
        return f"{settings.PUBLIC_URL}{reverse('learner_xero_invoices', args=[self.id])}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, its heading, and where it stands."""

    name: str
    heading: str
    of: str
    holds: Literal["text", "date"] = "text"
    is_on_page: bool = True


COLUMNS = (
    Column("name", "Learner", "name"),
    Column("learner_number", "Number", "number"),
    Column("added_on", "Added", "added_on", holds="date"),
    Column("sync_to_xero", "Sync to Xero", "sync"),
    Column("contact", "Contact", "contact"),
    Column("reason", "Why", "reason"),
    Column("billed_to", "Billed to", "billed_to"),
    Column("link", "Link", "link", is_on_page=False),
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows and the edges of its neighbours; None where there is none."""

    rows: list[Row]
    newer: paging.Edge | None
    older: paging.Edge | None


def page_of(criteria: Criteria, *, after: str, before: str, is_complete: bool) -> Page:
    """Return the page after an edge, the one before it, or the first; three queries."""
    learners = criteria_module.learners_of(criteria)
    edge = paging.edge_from(after, order=ORDER)
    back = None if edge else paging.edge_from(before, order=ORDER)
    order = ORDER.reversed if back else ORDER
    if edge or back:
        learners = learners.filter(order.after(edge or back))  # type: ignore[arg-type]
    reasoned = criteria_module.with_reasons(learners.order_by(*order.names), criteria)
    found = list(reasoned[: PAGE_SIZE + 1])
    has_more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    rows = rows_of(found[::-1] if back else found, criteria, is_complete=is_complete)
    first, last = (_edge(rows, 0), _edge(rows, -1))
    if back:
        return Page(rows, first if has_more else None, last)
    return Page(rows, first if edge else None, last if has_more else None)


def all_of(criteria: Criteria, *, is_complete: bool) -> Iterator[Row]:
    """Yield every row, with never more than a batch of them in memory; inside a transaction."""
    learners = criteria_module.with_reasons(criteria_module.learners_of(criteria), criteria)
    found = learners.iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        yield from rows_of(batch, criteria, is_complete=is_complete)


def rows_of(learners: list[Any], criteria: Criteria, *, is_complete: bool) -> list[Row]:
    """Return the rows of learners as `criteria.with_reasons` gives them; three queries at most."""
    ids = [learner.pk for learner in learners]
    contacts, billed = _contacts(ids, criteria), _billed(ids, criteria)
    return [
        Row(
            id=learner.pk,
            number=learner.number,
            name=learner.full_name,
            is_ticked=learner.sync_to_xero,
            added_at=learner.created_at,
            added_on=learner.created_at.astimezone(criteria.zone).date(),
            reason=_why(learner, is_complete=is_complete),
            contacts=tuple(contacts[learner.pk]),
            billed=tuple(billed[learner.pk]),
        )
        for learner in learners
    ]


def _why(learner: Any, *, is_complete: bool) -> str:
    if learner.state == criteria_module.BILLED:
        return "Billed to somebody else"
    if learner.reason == "NOTHING" and not is_complete:
        return _NOTHING_HERE
    words = REASONS[learner.reason]
    return f"{words}: {learner.problem}" if learner.reason == "REFUSED" else words


def _contacts(ids: Iterable[int], criteria: Criteria) -> dict[int, list[str]]:
    links = ContactLink.objects.filter(organisation=criteria.organisation, learner__in=list(ids))
    pairs = list(links.order_by("id").values_list("learner_id", "contact_xero_id"))
    known = Contact.objects.filter(
        organisation=criteria.organisation, xero_id__in={contact for _, contact in pairs}
    )
    names: dict[UUID, str] = dict(known.values_list("xero_id", "name"))
    found: dict[int, list[str]] = defaultdict(list)
    for learner_id, contact in pairs:
        found[learner_id].append(names.get(contact, "a contact that is not here"))
    return found


def _billed(ids: Iterable[int], criteria: Criteria) -> dict[int, list[str]]:
    said = CoverDecision.objects.filter(
        organisation=criteria.organisation,
        kind=Kind.INVOICE,
        is_covered=True,
        learner__in=list(ids),
    )
    pairs = list(said.values_list("learner_id", "document_xero_id"))
    documents = criteria_module.covering(criteria.organisation, learner__in=list(ids))
    names = {
        xero_id: f"{contact_name or 'no contact'} ({number or 'no number'})"
        for xero_id, contact_name, number in documents.order_by("date", "id").values_list(
            "xero_id", "contact_name", "number"
        )
    }
    found: dict[int, list[str]] = defaultdict(list)
    for learner_id, xero_id in pairs:
        if xero_id in names:
            found[learner_id].append(names[xero_id])
    return found


def _edge(rows: list[Row], place: int) -> paging.Edge | None:
    return paging.Edge(rows[place].added_at, rows[place].id) if rows else None
