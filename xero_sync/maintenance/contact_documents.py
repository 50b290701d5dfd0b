"""All documents of a few contacts, read anew and stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from invoices.models import Document, ReadBy
from xero_sync import fetched_pages, resources
from xero_sync.api import client, errors, json_codec, list_queries, responses, sessions
from xero_sync.jobs import leases
from xero_sync.models import Cursor, LeasedRow
from xero_sync.pull import page_sizes
from xero_sync.resources import Resource

# Each takes a condition in the address.
MOST_CONTACTS = 10
# Documents that are stored but not listed any more; where there are more, something else is wrong.
_MOST_FETCHED = 400


@dataclass(frozen=True)
class Reader:
    """Reads documents for a worker that has leased a row."""

    session: sessions.Session
    organisation_id: int
    row: LeasedRow
    clock: leases.Clock

    def read(self, contact_ids: Sequence[UUID]) -> None:
        """Read the documents that Xero lists, and by their ids those that it does not.

        :raises errors.XeroError: what was read before is stored.
        """
        for resource in resources.DOCUMENTS:
            listed: set[UUID] = set()
            for page in self._pages(resource, contact_ids):
                self._store(resource, page)
                listed |= _ids(resource, page)
            stored = Document.objects.filter(
                organisation_id=self.organisation_id,
                kind=resources.of(resource).kind,
                contact_xero_id__in=contact_ids,
            )
            unlisted = stored.exclude(xero_id__in=listed).order_by("pk")
            ids = list(unlisted.values_list("xero_id", flat=True)[:_MOST_FETCHED])
            for batch in client.batches(resource, ids):
                try:
                    self._store(resource, self.session.by_ids(resource, batch))
                except errors.NotFound:
                    continue

    def _pages(self, resource: Resource, contact_ids: Sequence[UUID]) -> Iterator[responses.Page]:
        """Yield the pages of what Xero lists of contacts.

        In such as the kind was last read in, since whoever reads nothing more of a list keeps no
        place in it; and where Xero takes too long, from the start in smaller ones.
        """
        listing = list_queries.Listing(resource=resource, contact_ids=tuple(contact_ids))
        swept = Cursor.objects.filter(organisation_id=self.organisation_id, resource=resource)
        size: int | None = swept.values_list("page_size", flat=True).first() or client.PAGE_SIZE
        while size is not None:
            try:
                yield from self._pages_of(listing, size)
            except errors.TimedOut:
                size = page_sizes.next_down(size)
                if size is None:
                    raise
                leases.renew(self.row, now=self.clock())
            else:
                return

    def _pages_of(self, listing: list_queries.Listing, size: int) -> Iterator[responses.Page]:
        number, last = 1, 1
        while number <= last:
            page = list_queries.fetch(self.session, listing, page=number, page_size=size)
            yield page
            last = page.page_count or number + bool(page.elements)
            number += 1

    def _store(self, resource: Resource, page: responses.Page) -> None:
        now = self.clock()
        with transaction.atomic():
            leases.renew(self.row, now=now)
            fetched_pages.store(
                self.session,
                organisation_id=self.organisation_id,
                resource=resource,
                page=page,
                by=ReadBy.SWEEP,
                now=now,
                confirm=True,
            )


def _ids(resource: Resource, page: responses.Page) -> set[UUID]:
    """Return the ids that a page holds, as far as they are ids."""
    member = resources.of(resource).id_member
    named = (element.get(member) for element in page.elements if isinstance(element, dict))
    return {one for one in map(json_codec.uuid_or_none, named) if one is not None}
