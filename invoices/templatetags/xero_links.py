"""*Open in Xero*, the link that people who work in Xero have beside a document or a contact."""

from typing import Any

from django import template

from connected_apps.models import Organisation
from invoices import xero_links
from invoices.listing.document_rows import DocumentRow
from invoices.models import Contact

register = template.Library()


@register.inclusion_tag("invoices/open_in_xero.html")
def open_document_in_xero(
    organisation: Organisation | None, document: DocumentRow, look: str = ""
) -> dict[str, Any]:
    """Show the link to a document; nothing where Xero has no address of its kind.

    :param look: classes of the link; `icon-only` shows its words to those alone who listen.
    """
    address = xero_links.of_document(organisation, kind=document.kind, xero_id=document.xero_id)
    return {"address": address, "name": document.name, "look": look}


@register.inclusion_tag("invoices/open_in_xero.html")
def open_contact_in_xero(
    organisation: Organisation | None, contact: Contact, look: str = ""
) -> dict[str, Any]:
    """Show the link to a contact."""
    address = xero_links.of_contact(organisation, contact.xero_id)
    return {"address": address, "name": contact.name, "look": look}
