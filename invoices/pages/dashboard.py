"""What the dashboard says of documents to people who work with learners: what changed, who is late.

Both lists are short, and read what they need from an index, so that the first page after signing in
is as quick with a million documents. What they say of a learner is of all that learner's documents.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from connected_apps import book_days
from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices import queries
from invoices.listing import document_rows, filters
from invoices.models import ContactLink, Document, Kind
from lrm import access, permissions
from lrm.models import Learner

MOST_SHOWN = 6
# The longest overdue are looked through in parts until they name enough learners. Where one learner
# has thousands, fewer than six show.
LOOKED_AT_ONCE, MOST_PARTS = 300, 20


class Overdue(NamedTuple):
    """An invoice that is overdue, as far as a learner's line needs it."""

    id: int
    contact_xero_id: UUID | None
    currency: str
    due_date: date
    amount_due: Decimal


@dataclass(slots=True)
class Late:
    """A learner with overdue invoices in one currency: all of them."""

    learner: Learner
    currency: str
    oldest_due_on: date
    days: int
    overdue: Decimal = Decimal(0)
    count: int = 0


def freshness(request: access.SignedInRequest) -> SafeString | None:
    """Return the line that says how fresh and complete everything is."""
    return render_to_string("invoices/dashboard_freshness.html", request=request)


def search(request: access.SignedInRequest) -> SafeString | None:
    """Return the box in which most of a day's work begins; who keeps the books has other work."""
    if permissions.may_read_synced_invoices(request.user):
        return None
    return render_to_string("invoices/dashboard_search.html", request=request)


def late_learners(request: access.SignedInRequest) -> SafeString | None:
    """Return the card of learners whose invoices are overdue the longest."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return None
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())
    context = {"late": late_of(organisation, today=today)}
    return render_to_string("invoices/dashboard_late.html", context, request=request)


def just_changed(request: access.SignedInRequest) -> SafeString | None:
    """Return the card of the documents that changed last, with their learners."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return None
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())
    newest = Document.objects.filter(organisation=organisation).order_by("-synced_at", "-id")
    rows = document_rows.with_learners(
        document_rows.rows_of(newest[:MOST_SHOWN]), organisation=organisation
    )
    context = {"rows": document_rows.shown_rows_of(rows, today=today)}
    return render_to_string("invoices/dashboard_changed.html", context, request=request)


def late_of(organisation: Organisation, *, today: date) -> list[Late]:
    """Return the learners of the invoices that are overdue the longest; six queries as a rule."""
    overdue = Document.objects.filter(
        filters.OPEN, organisation=organisation, kind=Kind.INVOICE, due_date__lt=today
    )
    first = _first_named(overdue, organisation)
    learners = Learner.objects.in_bulk({learner_id for learner_id, _ in first})
    links = ContactLink.objects.filter(organisation=organisation, learner__in=learners)
    contacts = list(links.values_list("contact_xero_id", flat=True))
    theirs = overdue.filter(contact_xero_id__in=contacts).order_by("due_date", "id")
    found: dict[tuple[int, str], Late] = {}
    for row, one in _named(_read(theirs), organisation):
        if (one, row.currency) in first:
            late = found.setdefault(
                (one, row.currency),
                Late(learners[one], row.currency, row.due_date, (today - row.due_date).days),
            )
            late.overdue += row.amount_due
            late.count += 1
    return list(found.values())


def _first_named(overdue: QuerySet[Document], organisation: Organisation) -> set[tuple[int, str]]:
    """Return the learners and currencies that the longest overdue name first."""
    linked = ContactLink.objects.filter(organisation=organisation).values("contact_xero_id")
    of_learners = overdue.filter(contact_xero_id__in=linked).order_by("due_date", "id")
    found: set[tuple[int, str]] = set()
    for part in range(MOST_PARTS):
        rows = _read(of_learners[part * LOOKED_AT_ONCE : (part + 1) * LOOKED_AT_ONCE])
        for row, one in _named(rows, organisation):
            found.add((one, row.currency))
            if len(found) == MOST_SHOWN:
                return found
        if len(rows) < LOOKED_AT_ONCE:
            break
    return found


def _read(documents: QuerySet[Document]) -> list[Overdue]:
    return [Overdue(*columns) for columns in documents.values_list(*Overdue._fields)]


def _named(rows: Sequence[Overdue], organisation: Organisation) -> Iterator[tuple[Overdue, int]]:
    """Yield each invoice with the id of each learner that it names."""
    named = queries.learners_by_document(
        organisation=organisation, contacts={row.id: row.contact_xero_id for row in rows}
    )
    for row in rows:
        if row.id in named:
            for one in named[row.id].learners:
                yield row, one.id
