"""One learner as Xero has them now: the contacts, and every document of these contacts.

Contacts are read by the ids of the learner's links, and where there is none by the learner's
number. A merged contact leads on to the one that it was merged into. Whatever comes is stored as
every page is, so what is older or in doubt changes nothing. What is stored here, but is not listed
any more, is fetched by its id: it may have moved to another contact.

Where Xero fails again and again over the list of one kind, but gives others, one of the documents
may be why. Then those that are known are fetched by their ids, and the rest is left to the sweep,
which goes around such a row.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices import queries
from invoices.models import Document, ReadBy
from lrm.models import Learner
from xero_sync import fetched_pages, resources
from xero_sync.api import client, errors, list_queries, responses, sessions
from xero_sync.contacts import number_holders
from xero_sync.jobs import leases, own_failures, sweep_schedule
from xero_sync.models import LearnerRefresh
from xero_sync.resources import Resource
from xero_sync.store import field_parsers

# Merged into another, which was merged into a third: more in a row is somebody's mistake.
_MOST_STEPS = 4
# A learner has one or two; an employer's page is not read here.
_CONTACTS_PER_LIST = 10
# As many as a run fetches where its list lacks some.
_MOST_FETCHED = 400
# Failures after which a list is not waited for any more, and of what is fetched in its place.
_PATIENCE, _MOST_FAILURES = 3, 12


@dataclass(frozen=True)
class Figures:
    """What Xero has of a learner: contacts, documents, and how many could not be saved.

    `unread` names the kinds of which Xero gave no list.
    """

    contacts: int = 0
    documents: int = 0
    quarantined: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """Reads one learner for a refresh that is leased."""

    session: sessions.Session
    refresh: LearnerRefresh
    organisation: Organisation
    learner: Learner
    clock: leases.Clock

    def read(self) -> Figures:
        """Read contacts and documents, store them, and return how many there are.

        :raises errors.XeroError: what was read before is stored.
        """
        self._read_contacts()
        contact_ids = self.contact_ids()
        figures = Figures(contacts=len(contact_ids))
        for resource in resources.DOCUMENTS if contact_ids else ():
            of_kind = self._read_documents(resource, contact_ids)
            figures = replace(
                figures,
                documents=figures.documents + of_kind.documents,
                quarantined=figures.quarantined + of_kind.quarantined,
                unread=(*figures.unread, *of_kind.unread),
            )
        return figures

    def contact_ids(self) -> list[UUID]:
        """Return the ids of the contacts that are the learner's at this moment."""
        return queries.contact_ids_of(learner=self.learner, organisation=self.organisation)

    def _read_contacts(self) -> None:
        seen: set[UUID] = set()
        wanted = self.contact_ids()
        if not wanted and _can_be_asked_for(self.learner.number):
            pages, faults = number_holders.ask(self.session, [self.learner.number])
            if faults:
                messages = list(faults.values())
                raise errors.Rejected("Xero cannot look up a number.", messages=messages)
            for page in pages:
                self._store(Resource.CONTACT, page)
                seen.update(_ids(page, "ContactID"))
                wanted += _ids(page, "MergedToContactID")
        for _ in range(_MOST_STEPS):
            wanted = list(dict.fromkeys([*wanted, *self.contact_ids()]))
            unread = [one for one in wanted if one not in seen]
            if not unread:
                return
            for some in client.batches(Resource.CONTACT, unread):
                page = self.session.by_ids(Resource.CONTACT, some)
                self._store(Resource.CONTACT, page)
                wanted += _ids(page, "MergedToContactID")
            seen.update(unread)

    def _read_documents(self, resource: Resource, contact_ids: Sequence[UUID]) -> Figures:
        """Store all documents of one kind, and return how many there are."""
        stored = Document.objects.filter(
            organisation=self.organisation,
            kind=resources.of(resource).kind,
            contact_xero_id__in=contact_ids,
        )
        listed: set[UUID] = set()
        quarantined = 0
        unread: tuple[str, ...] = ()
        try:
            for page in self._pages(resource, contact_ids):
                quarantined += self._store(resource, page)
                listed.update(_ids(page, resources.of(resource).id_member))
        except errors.Rejected:
            # Its guard of very large organisations: what is known is asked for by its id, and
            # what is new is left to the sweep.
            self._leave_to_sweep(resource)
        except errors.Unavailable as error:
            if not error.may_be_one_rows or self.refresh.attempts < _PATIENCE:
                raise
            # Where Xero gives nothing of the kind, this says so.
            list_queries.count(self.session, list_queries.Listing(resource=resource))
            self._leave_to_sweep(resource)
            unread = (resource.label.lower(),)
        unlisted = stored.exclude(xero_id__in=listed).order_by("id")
        ids = list(unlisted.values_list("xero_id", flat=True)[:_MOST_FETCHED])

        def fetch(some: Sequence[UUID]) -> None:
            nonlocal quarantined
            with contextlib.suppress(errors.NotFound):
                quarantined += self._store(resource, self.session.by_ids(resource, some))

        batches = client.batches(resource, ids)
        if unread:
            own_failures.read_by_halves(batches, fetch, most_failures=_MOST_FAILURES)
        else:
            for some in batches:
                fetch(some)
        return Figures(documents=stored.count(), quarantined=quarantined, unread=unread)

    def _leave_to_sweep(self, resource: Resource) -> None:
        sweep_schedule.make_due(
            organisation_id=self.organisation.pk, now=self.clock(), resources=[resource]
        )

    def _pages(self, resource: Resource, contact_ids: Sequence[UUID]) -> Iterable[responses.Page]:
        for start in range(0, len(contact_ids), _CONTACTS_PER_LIST):
            some = tuple(contact_ids[start : start + _CONTACTS_PER_LIST])
            listing = list_queries.Listing(resource=resource, contact_ids=some)
            number, last = 1, 1
            while number <= last:
                page = list_queries.fetch(self.session, listing, page=number)
                yield page
                # Where Xero does not tell how many there are, an empty page is the last.
                last = page.page_count or number + bool(page.elements)
                number += 1

    def _store(self, resource: Resource, page: responses.Page) -> int:
        """Store a page, and return how many of it are set aside.

        :raises leases.LeaseLost: another worker reads this learner.
        """
        with transaction.atomic():
            # The lease before what is stored, as whoever asks for a refresh takes them.
            leases.renew(self.refresh, now=self.clock())
            written = fetched_pages.store(
                self.session,
                organisation_id=self.organisation.pk,
                resource=resource,
                page=page,
                by=ReadBy.REFRESH,
                now=self.clock(),
            )
        return written.quarantined


def _can_be_asked_for(number: str) -> bool:
    """Return whether Xero's filters can name a contact number: they know no backslash."""
    return bool(number.strip()) and "\\" not in number


def _ids(page: responses.Page, member: str) -> list[UUID]:
    """Return the ids that a page has under a name; what is none is left out."""
    values = [element.get(member) for element in page.elements if isinstance(element, dict)]
    return [one for one in map(_id, values) if one]


def _id(value: Any) -> UUID | None:
    try:
        found = field_parsers.identifier(value)
    except field_parsers.Unmappable:
        return None
    return UUID(found) if found else None
