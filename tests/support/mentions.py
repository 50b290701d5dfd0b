"""Documents of payers, and the pass that finds the numbers that they name."""

from datetime import datetime, timedelta
from typing import Any

from connected_apps.models import Organisation
from invoices.models import Contact, Document
from tests.support import document_builders
from tests.support.linked import clock
from xero_sync.maintenance import mention_pass


def later(**ahead: float) -> datetime:
    """Return a moment at which all that was stored until now is settled."""
    return max(clock(), document_builders.NOW) + mention_pass.SETTLED + timedelta(**ahead)


def look_through(organisation: Organisation, **ahead: float) -> None:
    """Let a worker look through all documents that nobody has looked at."""
    at = later(**ahead)
    while mention_pass.look_through(organisation_id=organisation.pk, clock=lambda: at) is not None:
        pass


def make_billed(payer: Contact, *lines: str, **fields: Any) -> Document:
    """Store an invoice to a payer with these lines."""
    document = document_builders.make_document(
        payer.organisation, contact_xero_id=payer.xero_id, contact_name=payer.name, **fields
    )
    for position, description in enumerate(lines):
        document.line_items.create(position=position, description=description)
    return document
