"""Xero's online invoice: its address is fetched when somebody asks for it, and kept.

Xero tells it for one invoice a call and puts it on no list, so fetching it ahead would cost a day
of calls. It never changes for an invoice, so it is asked for once. The address is only followed
where its host is one of Xero's own (`XERO_ONLINE_INVOICE_HOSTS`): it came over the network, and a
redirect to anywhere else would be an open door.
"""

from urllib.parse import urlsplit

from django.conf import settings

from connected_apps.models import Connection
from invoices.models import Document
from invoices.online import reason_against
from lrm import page_calls
from xero_sync.api import errors, rate_limiter, sessions

LONGEST = 500  # What the column holds.


class NothingToOpen(Exception):
    """There is nothing to open; the message says why and what to do."""


def address_of(*, document: Document, connection: Connection) -> str:
    """Return the address of a document's online invoice.

    :raises NothingToOpen: Xero has none for it, or gave an address that is not its own.
    :raises errors.XeroError: Xero could not be asked, or was too slow for a page.
    :raises page_calls.Busy: others wait for Xero already.
    """
    if reason := reason_against(document):
        raise NothingToOpen(reason)
    # Checked again however old it is: the list of hosts may have changed since it was kept.
    if not is_xeros_own(document.online_url):
        session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
        with page_calls.seat():
            document.online_url = _ask(session, document)
        document.save(update_fields=["online_url"])
    return document.online_url


def _ask(session: sessions.Session, document: Document) -> str:
    try:
        address = session.online_invoice_url(document.xero_id)
    except (errors.NotFound, errors.Rejected):
        raise NothingToOpen(
            "Xero has no online invoice for this document. Open it in Xero to see why."
        ) from None
    if address is None or not is_xeros_own(address):
        raise NothingToOpen(
            "Xero gave no address that can be opened safely. Open the invoice in Xero instead."
        )
    return address


def is_xeros_own(address: str) -> bool:
    """Return whether an address leads to one of the hosts that online invoices live on.

    https is demanded except on localhost, where a pretend Xero runs.
    """
    if len(address) > LONGEST:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.username or parts.password or parts.netloc not in settings.XERO_ONLINE_INVOICE_HOSTS:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost")
