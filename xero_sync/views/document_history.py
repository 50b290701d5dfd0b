"""What a document said before: the card on its page, its whole history, one version of it.

A version is shown to whoever may see its document, and is found through it alone.
"""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from connected_apps import queries as connections
from invoices import queries
from invoices.listing import document_rows
from invoices.models import Document
from invoices.pages import panels
from lrm import access, day_formats, permissions
from xero_sync.document_history import versions
from xero_sync.document_history.versions import Known

MOST_ON_CARD = 5
PAGE_SIZE = 25
_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Invoices and credits of learners are for people who work with learners.",
)
_NOT_YET = "This document was not here yet at the end of {day}."
_NOT_KEPT = "What it said at the end of {day} is not kept."
_TODAYS = "At the end of {day} it said what it says today."


class DayForm(forms.Form):
    """The day of which somebody asks what the document said then."""

    on = forms.DateField(
        label="What did it say on",
        error_messages={"required": "Choose a day.", "invalid": "Enter a date such as 2026-03-31."},
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )


def register() -> None:
    """Put the card on the page of a document."""
    panels.add_document_card("history", card)


def card(request: access.SignedInRequest, document: Document) -> SafeString:
    """Return the newest lines of the history."""
    context = {
        "document": document,
        "history": versions.history_of(document, most=MOST_ON_CARD),
        "day_form": DayForm(),
    }
    return render_to_string("xero_sync/document_history_card.html", context, request=request)


@_require_learners
@require_safe
def show(request: access.SignedInRequest, document_id: int) -> HttpResponse:
    """Show all of the history, or lead to what the document said on a day."""
    document = _document(request, document_id)
    form = DayForm(request.GET if "on" in request.GET else None)
    words = ""
    if form.is_valid():
        known, version_id = versions.held_at(document, _end_of(request, form.cleaned_data["on"]))
        day = day_formats.long_day(form.cleaned_data["on"])
        if version_id is not None:
            address = reverse("document_version", args=[document.pk, version_id])
            return redirect(f"{address}?on={form.cleaned_data['on'].isoformat()}")
        sentences = {Known.NOT_YET: _NOT_YET, Known.NOT_KEPT: _NOT_KEPT, Known.TODAYS: _TODAYS}
        words = sentences[known].format(day=day)
    page = Paginator(versions.Steps(document), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **_named(document),
        "page": page,
        "steps": list(page),
        "day_form": form,
        "words": words,
    }
    return render(request, "xero_sync/document_history.html", context)


@_require_learners
@require_safe
def show_version(
    request: access.SignedInRequest, document_id: int, version_id: int
) -> HttpResponse:
    """Show one version that was replaced, with the JSON that Xero sent."""
    document = _document(request, document_id)
    version = versions.version_of(document, version_id)
    if version is None:
        raise Http404
    form = DayForm(request.GET if "on" in request.GET else None)
    earlier, later = versions.neighbours_of(document, version)
    context = {
        **_named(document),
        "version": version,
        "earlier": earlier,
        "later": later,
        "day": form.cleaned_data["on"] if form.is_valid() else None,
        "day_form": form,
    }
    return render(request, "xero_sync/document_version.html", context)


def _document(request: access.SignedInRequest, document_id: int) -> Document:
    """Return a document that this portal shows.

    :raises Http404: it shows none by this id.
    """
    document = queries.document_of_portal(
        portal=request.portal,
        organisation=connections.current_organisation(request.portal),
        document_id=document_id,
    )
    if document is None:
        raise Http404
    return document


def _named(document: Document) -> dict[str, Any]:
    (row,) = document_rows.rows_of(Document.objects.filter(pk=document.pk))
    return {"document": document, "row": row}


def _end_of(request: access.SignedInRequest, day: Any) -> datetime:
    """Return when a day ends in the portal, or now where that is still to come."""
    now, zone = timezone.now(), request.portal.zone
    if day >= now.astimezone(zone).date():
        return now
    return datetime.combine(day + timedelta(days=1), time(), zone)
