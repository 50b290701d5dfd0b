"""What it means that a document was not found here: whether it could be in Xero all the same."""

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connected_apps import queries as connections
from connected_apps.models import Organisation
from connected_apps.states.states import LIVE
from lrm import access, panels
from lrm.templatetags import shell
from xero_sync import resources
from xero_sync.models import Cursor, QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.runs import comparison
from xero_sync.status import unread

XERO = "https://go.xero.com/"


def register() -> None:
    """Say it where the search in the header finds nothing."""
    panels.add_search_note(panels.SearchNote(name="xero_documents", render=of_nothing_found))


def of_nothing_found(request: access.SignedInRequest, text: str) -> SafeString:
    """Return how complete the documents are among which the text was not found."""
    connection = connections.connection_of(request.portal)
    organisation = connection.organisation if connection else None
    if connection is None or organisation is None:
        return _paragraph("Xero is not connected, so no invoice or credit is here.")
    if connection.state not in LIVE:
        return _paragraph(
            "Xero is not connected at the moment. What was made there since is not here."
        )
    if behind := unread.line_of(connection, timezone.now()):
        return _paragraph(behind)
    return _of_counts(organisation, text)


def _of_counts(organisation: Organisation, text: str) -> SafeString:
    cursors = list(
        Cursor.objects.filter(organisation=organisation, resource__in=resources.DOCUMENTS)
    )
    counted = [(cursor.counted_at, _compared(cursor)) for cursor in cursors if cursor.counted_at]
    if not counted or len(counted) < len(resources.DOCUMENTS):
        return _paragraph("Xero's documents have not been counted against those here yet.")
    checked = shell.when(min(at for at, _ in counted))
    missing = QuarantinedDocument.objects.filter(organisation=organisation).count()
    if missing:
        return format_html(
            "<p>{} could not be saved, so it may be among those. Portal admins see them on "
            "Connected Apps.</p>",
            f"{missing:,} document{'s' if missing > 1 else ''}",
        )
    if not all(compared.counts_agree for _, compared in counted):
        return format_html(
            "<p>Xero and the LRM did not agree on the number of documents when they were checked, "
            "{}. Portal admins see on Connected Apps what differs.</p>",
            checked,
        )
    total = sum(compared.in_xero or 0 for _, compared in counted)
    return format_html(
        "<p>Xero and the LRM agree on {} documents, checked {}, so “{}” is not in Xero either, or "
        'it is not a sales document. <a href="{}" target="_blank" rel="noopener">Open Xero'
        '<span class="visually-hidden"> in a new tab</span></a>.</p>',
        f"{total:,}",
        checked,
        text,
        XERO,
    )


def _compared(cursor: Cursor) -> comparison.Comparison:
    return comparison.of_figures(
        Resource(cursor.resource),
        in_xero=cursor.count_in_xero,
        stored=(cursor.count_here or 0) - cursor.count_missing,
        missing=cursor.count_missing,
    )


def _paragraph(words: str) -> SafeString:
    return format_html("<p>{}</p>", words)
