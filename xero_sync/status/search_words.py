"""What it means that a document was not found here: whether it could be in Xero all the same.

The search knows documents by the beginnings of their numbers and references, and by their totals;
not by whose they are. So only that is said not to be in Xero, and the report that knows names is
named.
"""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connected_apps import freshness
from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices.listing import document_finder
from lrm import access, panels, permissions
from lrm.templatetags import shell
from xero_sync.status import completeness

XERO = "https://go.xero.com/"


def register() -> None:
    """Say it where the search in the header finds nothing."""
    panels.add_search_note(panels.SearchNote(name="xero_documents", render=of_nothing_found))


def of_nothing_found(request: access.SignedInRequest, text: str) -> SafeString:
    """Return how complete the documents are among which the text was not found."""
    now = timezone.now()
    fresh = freshness.of(request.portal, now=now)
    organisation = connections.current_organisation(request.portal)
    if not fresh.is_connected or organisation is None:
        return _paragraph("Xero is not connected, so no invoice or credit is here.")
    if fresh.is_complete:
        said = _of_counts(organisation, text)
    else:
        said = _paragraph(f"It may be in Xero all the same. {fresh.line}")
    return format_html("{}{}", said, _report(request, text))


def _report(request: access.SignedInRequest, text: str) -> SafeString:
    """Return the way to the report that finds documents by names, too; empty without the right."""
    if not permissions.may_read_synced_invoices(request.user):
        return SafeString()
    asked = urlencode({"q": text, "date_from": "", "date_to": ""})
    return format_html(
        "<p>Report #0442 finds documents by the names of contacts and learners, too. "
        '<a href="{}?{}">Look for “{}” in report #0442</a>.</p>',
        reverse("report_0442"),
        asked,
        text,
    )


def _of_counts(organisation: Organisation, text: str) -> SafeString:
    counted = completeness.last_counts(organisation)
    if counted is None:
        return _paragraph("Xero's documents have not been counted against those here yet.")
    at, compared = counted
    checked = shell.when(at)
    if not all(one.counts_agree for one in compared):
        return format_html(
            "<p>Xero and the LRM did not agree on the number of documents when they were checked, "
            "{}. Portal admins see on Connected Apps what differs.</p>",
            checked,
        )
    total = sum(one.in_xero or 0 for one in compared)
    return format_html(
        "<p>Xero and the LRM agree on {} documents, checked {}, so no sales document in Xero has a "
        'number or reference that begins so{}. <a href="{}" target="_blank" rel="noopener">Open '
        'Xero<span class="visually-hidden"> in a new tab</span></a>.</p>',
        f"{total:,}",
        checked,
        ", or this total" if document_finder.amount_in(text) is not None else "",
        XERO,
    )


def _paragraph(words: str) -> SafeString:
    return format_html("<p>{}</p>", words)
