"""Xero's own PDF of an invoice or credit note: fetched when somebody asks for it, and not kept.

It shows the document as Xero has it at that moment, so a copy here would be wrong before long.
"""

from connected_apps.models import Connection
from invoices.models import Document
from invoices.online import reason_against_pdf
from lrm import page_calls
from xero_sync.api import errors, rate_limiter, sessions
from xero_sync.online_invoices import NothingToOpen
from xero_sync.resources import Resource


def pdf_of(*, document: Document, connection: Connection) -> bytes:
    """Return the PDF of a document.

    :raises NothingToOpen: Xero has none of it.
    :raises errors.XeroError: Xero could not be asked, or was too slow for a page.
    :raises page_calls.Busy: others wait for Xero already.
    """
    if reason := reason_against_pdf(document):
        raise NothingToOpen(reason)
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    try:
        with page_calls.seat():
            return session.pdf(Resource(document.kind), document.xero_id)
    except (errors.NotFound, errors.Rejected):
        raise NothingToOpen(
            "Xero has no PDF of this document. Open it in Xero to see why."
        ) from None
