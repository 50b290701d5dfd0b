"""Learner > Xero Invoices, the fragment that keeps it live, and one document in detail."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from connected_apps import book_days, freshness
from connected_apps import queries as connections
from connected_apps.freshness import Condition
from connected_apps.models import Organisation
from invoices import queries
from invoices.covering import covers
from invoices.listing import document_rows, filters
from invoices.models import Document
from invoices.pages import learner_page, panels
from lrm import access, permissions
from lrm.models import Learner

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Invoices and credits of learners are for people who work with learners.",
)


@_require_learners
@require_safe
def learner_xero_invoices(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Show all documents of a learner with their balances."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    context = _table_context(request, learner)
    return render(request, "invoices/learner_xero_invoices.html", context)


@_require_learners
@require_safe
def learner_xero_invoices_table(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Answer the live page's question whether anything changed: 204 when not, else the table."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    organisation = connections.current_organisation(request.portal)
    version = learner_page.version_of_page(
        learner=learner, organisation=organisation, today=_today(request, organisation)
    )
    if version.token == request.GET.get("version") and not _has_been_read(request):
        return HttpResponse(status=204)
    seen_through = _instant(request.GET.get("seen", ""))
    context = _table_context(request, learner, seen_through=seen_through)
    return render(request, "invoices/learner_table_live.html", context)


@_require_learners
@require_safe
def document_detail(request: access.SignedInRequest, document_id: int) -> HttpResponse:
    """Show one document with its line items, payments and what was applied."""
    organisation = connections.current_organisation(request.portal)
    document = queries.document_of_portal(
        portal=request.portal, organisation=organisation, document_id=document_id
    )
    if organisation is None or document is None:
        raise Http404
    rows = document_rows.rows_of(Document.objects.filter(pk=document.pk))
    (row,) = document_rows.applied_rows_of(
        document_rows.with_learners(rows, organisation=organisation),
        organisation=organisation,
        today=_today(request, organisation),
    )
    learners = request.portal.learners.filter(pk__in=[one.id for one in row.document.learners])
    context = {
        "row": row,
        "document": document,
        "organisation": organisation,
        "learners": list(learners.order_by("number")),
        "sees_contacts": permissions.may_see_connected_apps(request.user),
        "opens_xero": permissions.may_read_synced_invoices(request.user),
        "payer_id": queries.payer_ids([document.contact_xero_id], organisation=organisation).get(
            document.contact_xero_id
        ),
        "covers": [
            said
            for said in covers.said_of([row.document], organisation=organisation)
            if said.is_covered
        ],
        "lines": list(document.line_items.all()),
        "payments": list(document.payments.all()),
        "cards": panels.document_cards(request, document),
    }
    return render(request, "invoices/document_detail.html", context)


def _table_context(
    request: access.SignedInRequest, learner: Learner, *, seen_through: datetime | None = None
) -> dict[str, Any]:
    """Return what page and fragment share."""
    organisation = connections.current_organisation(request.portal)
    today = _today(request, organisation)
    chosen = {key: request.GET[key] for key in filters.NAMES if request.GET.get(key)}
    form = filters.DocumentFilter(chosen or None)
    form.is_valid()
    documents = learner_page.documents_of_learner_page(
        learner=learner,
        organisation=organisation,
        condition=form.condition(today=today),
        order=form.order,
        page_number=request.GET.get("page", "1"),
        today=today,
        seen_through=seen_through,
    )
    number = documents.page.number if documents.page else 1
    fresh = freshness.of(request.portal, now=timezone.now())
    is_empty = documents.shows in (learner_page.Shows.NO_CONTACT, learner_page.Shows.NO_DOCUMENTS)
    is_reading = is_empty and fresh.condition == Condition.FIRST_SYNC
    return {
        **_who_can_connect(request, documents.shows),
        "learner": learner,
        "opens_xero": permissions.may_read_synced_invoices(request.user),
        "form": form,
        "documents": documents,
        "state": documents.shows.name,
        "filter_query": urlencode(chosen),
        "live_query": urlencode(
            {
                **chosen,
                "page": number,
                **_seen(documents.version),
                **({"reading": fresh.mark} if is_reading else {}),
            }
        ),
        "fresh": fresh,
        "is_reading": is_reading,
        "is_filtered": bool(chosen),
        "quick": _quick_filter(chosen),
        "today": today,
    }


def _quick_filter(chosen: dict[str, str]) -> str:
    """Return which of the quick filters is chosen: none where something else narrows the list."""
    asked = {name: value for name, value in chosen.items() if name != "sort"}
    quick: dict[str, dict[str, str]] = {
        "all": {},
        "credits": {"kind": filters.CREDITS},
        **{name: {"status": name} for name in ("open", "overdue", "settled")},
    }
    return next((name for name, one in quick.items() if one == asked), "")


def _has_been_read(request: access.SignedInRequest) -> bool:
    """Return whether a page that says "still being read" is to say something else.

    Only such a page asks: for the others the version of the documents is enough.
    """
    shown = request.GET.get("reading")
    return shown is not None and shown != freshness.of(request.portal, now=timezone.now()).mark


def _who_can_connect(
    request: access.SignedInRequest, shows: learner_page.Shows
) -> dict[str, object]:
    """Return, where nothing is connected, who can change that."""
    if shows is not learner_page.Shows.NOT_CONNECTED:
        return {}
    right = permissions.may_manage_connected_apps
    return {
        "roles": permissions.ROLES_WITH[right],
        "people": access.people_with(right, portal=request.portal),
        "may_connect": right(request.user),
    }


def _seen(version: queries.Version) -> dict[str, str]:
    """Return what the live page sends back: the version it shows and how new its newest row is."""
    latest = version.latest_at.isoformat() if version.latest_at else ""
    return {"version": version.token, "seen": latest}


def _today(request: access.SignedInRequest, organisation: Organisation | None) -> date:
    return book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())


def _instant(text: str) -> datetime | None:
    """Return the aware instant in an address, or None for anything else."""
    try:
        instant = parse_datetime(text)
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo is not None else None
