"""How many documents contacts have, and what is owed on them: one query for a page of contacts."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices import amounts, words
from invoices.models import Kind

_FIGURES = """
    SELECT contact_xero_id, currency, count(*),
           COALESCE(sum(CASE WHEN kind = %s THEN amount_due ELSE -amount_due END)
                    FILTER (WHERE status = ANY(%s)), 0)
      FROM invoices_document
     WHERE organisation_id = %s AND contact_xero_id = ANY(%s::uuid[])
     GROUP BY contact_xero_id, currency ORDER BY contact_xero_id, currency
"""


@dataclass(slots=True)
class Figures:
    """The documents of a contact, and what is owed in each currency, less what is left of credits.

    Amounts of different currencies are never added.
    """

    documents: int = 0
    owed: dict[str, Decimal] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Return both, as people read them."""
        if not self.documents:
            return "no documents"
        count = f"{self.documents:,} document{'' if self.documents == 1 else 's'}"
        sums = [
            f"{currency} {amounts.grouped(abs(owed))} {'owed' if owed > 0 else 'in credit'}"
            for currency, owed in self.owed.items()
            if owed
        ]
        return f"{count}, {' and '.join(sums) or 'nothing owed'}"


def figures_of(
    organisation: Organisation, contact_ids: Collection[UUID]
) -> defaultdict[UUID, Figures]:
    """Return the figures of these contacts."""
    found: defaultdict[UUID, Figures] = defaultdict(Figures)
    with connection.cursor() as cursor:
        cursor.execute(
            _FIGURES,
            [Kind.INVOICE, list(words.APPROVED), organisation.pk, list(contact_ids)],
        )
        for contact_id, currency, documents, owed in cursor.fetchall():
            found[contact_id].documents += documents
            found[contact_id].owed[currency] = owed
    return found
