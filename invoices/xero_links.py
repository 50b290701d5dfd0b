"""Where a document or a contact opens in Xero itself, for people who work there.

Xero documents such addresses for invoices, credit notes and contacts, and for no other credits.
"""

from urllib.parse import quote
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Kind

_LOGIN = "https://go.xero.com/organisationlogin/default.aspx?shortcode="
_PAGES: dict[str, str] = {
    Kind.INVOICE: "/AccountsReceivable/View.aspx?InvoiceID=",
    Kind.CREDIT_NOTE: "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=",
}
_CONTACT = "/Contacts/View/"


def of_document(organisation: Organisation | None, *, kind: str, xero_id: UUID | str) -> str:
    """Return the address of a document in Xero; empty where Xero has none."""
    page = _PAGES.get(kind)
    return _address(organisation, f"{page}{xero_id}") if page and xero_id else ""


def of_contact(organisation: Organisation | None, xero_id: UUID | str) -> str:
    """Return the address of a contact in Xero."""
    return _address(organisation, f"{_CONTACT}{xero_id}")


def _address(organisation: Organisation | None, page: str) -> str:
    if organisation is None or not organisation.short_code:
        return ""
    return f"{_LOGIN}{quote(organisation.short_code)}&redirecturl={page}"
