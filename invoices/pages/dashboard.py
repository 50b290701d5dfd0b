"""What the dashboard says of documents to people who work with learners: what changed, who is late.

Both lists are bounded: they read the newest, or the longest overdue, few hundred rows of an index
and no more, so that the first page after signing in is as quick with a million documents.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices import queries
from invoices.listing import document_rows, filters
from invoices.models import Document, Kind
from lrm import access, permissions
from lrm.models import Learner

MOST_LOOKED_AT = 300
MOST_SHOWN = 6


@dataclass(slots=True)
class Late:
    """A learner with overdue invoices in one currency, as far as those were looked at."""

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
    today = timezone.now().astimezone(request.portal.zone).date()
    context = {"late": late_of(organisation, today=today)}
    return render_to_string("invoices/dashboard_late.html", context, request=request)


def just_changed(request: access.SignedInRequest) -> SafeString | None:
    """Return the card of the documents that changed last, with their learners."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return None
    today = timezone.now().astimezone(request.portal.zone).date()
    newest = Document.objects.filter(organisation=organisation).order_by("-synced_at", "-id")
    rows = document_rows.with_learners(
        document_rows.rows_of(newest[:MOST_SHOWN]), organisation=organisation
    )
    context = {"rows": document_rows.shown_rows_of(rows, today=today)}
    return render_to_string("invoices/dashboard_changed.html", context, request=request)


def late_of(organisation: Organisation, *, today: date) -> list[Late]:
    """Return the learners of the invoices that are overdue the longest; three queries."""
    overdue = (
        Document.objects.filter(
            filters.OPEN, organisation=organisation, kind=Kind.INVOICE, due_date__lt=today
        )
        .order_by("due_date")
        .values_list("id", "contact_xero_id", "currency", "due_date", "amount_due")[:MOST_LOOKED_AT]
    )
    rows = list(overdue)
    named = queries.learners_by_document(
        organisation=organisation, contacts={row[0]: row[1] for row in rows}
    )
    learners = Learner.objects.filter(portal_id=organisation.portal_id).in_bulk(
        {one.id for of_document in named.values() for one in of_document.learners}
    )
    found: dict[tuple[int, str], Late] = {}
    for document_id, _, currency, due_on, amount in rows:
        if due_on is None or document_id not in named:
            continue
        for one in named[document_id].learners:
            late = found.setdefault(
                (one.id, currency),
                Late(learners[one.id], currency, due_on, (today - due_on).days),
            )
            late.overdue += amount
            late.count += 1
    return list(found.values())[:MOST_SHOWN]
