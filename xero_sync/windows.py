"""A window of dates of one kind of documents: its list in Xero, and what is stored here of it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from invoices.models import Document
from xero_sync import listings, mapping
from xero_sync.models import Resource, SyncStep


@dataclass(frozen=True)
class Window:
    """Documents of a kind between two dates, both included."""

    resource: Resource
    date_from: date
    date_to: date

    @property
    def listing(self) -> listings.Listing:
        """Xero's list of it."""
        return listings.Listing(
            resource=self.resource, date_from=self.date_from, date_to=self.date_to
        )

    def stored(self, organisation_id: int) -> QuerySet[Document]:
        """Return what of it is stored here."""
        return Document.objects.filter(
            organisation_id=organisation_id,
            kind=mapping.KINDS[self.resource],
            date__range=(self.date_from, self.date_to),
        )


def of_step(step: SyncStep) -> Window:
    """Return what a step walks."""
    return Window(Resource(step.resource), step.date_from, step.date_to)
