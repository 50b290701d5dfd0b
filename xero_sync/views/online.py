"""View Invoice and Open PDF: from a click to what Xero has, or to words that say why not."""

import re
from collections.abc import Callable

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connected_apps import errors as connection_errors
from connected_apps.models import Connection
from connected_apps.queries import connection_of, current_organisation
from connected_apps.states.states import LIVE
from invoices import queries, words
from invoices.models import Document
from lrm import access, page_calls, permissions
from xero_sync import online_invoices, online_pdfs
from xero_sync.api import errors
from xero_sync.jobs import retry_policy

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Invoices of learners are for people who work with learners.",
)
_NOT_CONNECTED = (
    "Xero is not connected at the moment. Portal admins with an LRM role can connect it on "
    "Settings > Connected Apps."
)


_SLOW = (
    "Xero is slow at the moment: it did not answer in time. Nothing was changed. Try again in a "
    "minute, or open the document in Xero itself."
)
_UNASKED = (
    "This system cannot count its calls to Xero at the moment, so Xero was not asked. Try again in "
    "a minute; if it stays so, contact support."
)


@page_calls.explain_busy
@_require_learners
@require_safe
def open_online(request: access.SignedInRequest, document_id: int) -> HttpResponse:
    """Redirect to the online invoice. Asking Xero for an address changes nothing there."""
    document, connection = _asked_for(request, document_id)
    if connection.state not in LIVE and not online_invoices.is_xeros_own(document.online_url):
        return _explain(request, _NOT_CONNECTED, 409)

    def answer() -> HttpResponse:
        address = online_invoices.address_of(document=document, connection=connection)
        return HttpResponseRedirect(address)

    return _or_why_not(request, answer)


@page_calls.explain_busy
@_require_learners
@require_safe
def open_pdf(request: access.SignedInRequest, document_id: int) -> HttpResponse:
    """Pass on Xero's own PDF of an invoice or credit note. Nothing of it is kept."""
    document, connection = _asked_for(request, document_id)
    if connection.state not in LIVE:
        return _explain(request, _NOT_CONNECTED, 409)

    def answer() -> HttpResponse:
        content = online_pdfs.pdf_of(document=document, connection=connection)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{_file_name(document)}"'
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return _or_why_not(request, answer)


def _asked_for(request: access.SignedInRequest, document_id: int) -> tuple[Document, Connection]:
    """Return the document and whose it is; for another portal it does not exist."""
    document = queries.document_of_portal(
        portal=request.portal,
        organisation=current_organisation(request.portal),
        document_id=document_id,
    )
    connection = connection_of(request.portal)
    if document is None or connection is None:
        raise Http404
    return document, connection


def _or_why_not(
    request: access.SignedInRequest, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    """Return the answer, or the page that says why there is none and who can act."""
    try:
        return answer()
    except online_invoices.NothingToOpen as reason:
        return _explain(request, str(reason), 409)
    except errors.Unavailable as error:
        return _explain(request, _UNASKED if _is_ours(error) else _SLOW, 503)
    except (errors.XeroError, connection_errors.ConnectedAppsError) as error:
        retry = retry_policy.after(error, attempts=0)
        hint = "" if retry.needs_person else " Try again in a moment."
        return _explain(request, f"{retry.why}.{hint}", 503)


def _file_name(document: Document) -> str:
    """Return a name of plain letters: what a number holds comes from outside."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", words.name_of(document)).strip("-.")
    return f"{name[:80] or 'document'}.pdf"


def _is_ours(error: errors.Unavailable) -> bool:
    return isinstance(error, errors.BooksUnreadable)


def _explain(request: access.SignedInRequest, why: str, status: int) -> HttpResponse:
    return render(request, "xero_sync/no_online_invoice.html", {"why": why}, status=status)
