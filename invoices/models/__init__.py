"""Documents and contacts as the LRM keeps them. This app does not know how they got here.

`documents` and `contacts` mirror Xero, `versions` keeps what a document said before, `moves` which
contact it had before. `contact_links` says which contacts are which learners, `covers` which
documents of others are meant for a learner, `sums` what many documents add up to.

Every row belongs to an organisation and through it to one portal. Amounts are Xero's own, never
recomputed; document dates are calendar dates; instants are UTC. Rows are written in bulk by
COPY and upsert, so the models carry no save logic.
"""

from invoices.models.contact_links import (
    ContactDecision,
    ContactLink,
    ContactLinkChange,
    LinkChange,
    LinkSource,
)
from invoices.models.contacts import Contact
from invoices.models.covers import CoverAct, CoverChange, CoverDecision, NamedNumber
from invoices.models.documents import Allocation, Document, Kind, LineItem, Payment, money
from invoices.models.moves import DocumentMove
from invoices.models.sums import DocumentSum, DocumentSumChange, DocumentSumCheck, Grain
from invoices.models.versions import DocumentVersion, ReadBy

__all__ = [
    "Allocation",
    "Contact",
    "ContactDecision",
    "ContactLink",
    "ContactLinkChange",
    "CoverAct",
    "CoverChange",
    "CoverDecision",
    "Document",
    "DocumentMove",
    "DocumentSum",
    "DocumentSumChange",
    "DocumentSumCheck",
    "DocumentVersion",
    "Grain",
    "Kind",
    "LineItem",
    "LinkChange",
    "LinkSource",
    "NamedNumber",
    "Payment",
    "ReadBy",
    "money",
]
