"""What people and the system did to the links of learners and contacts: when, why, and by whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLinkChange
from xero_sync.contact_tabs import holds
from xero_sync.contact_tabs.tabs import Key

PAGE_SIZE = 50
HIDDEN = "a contact of another portal's learner"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the history, with the contact where it is known still and may be seen."""

    change: ContactLinkChange
    contact: Contact | None
    can_be_undone: bool
    is_hidden: bool = False

    @property
    def contact_name(self) -> str:
        """Who the contact is, in words."""
        if self.contact is not None:
            return self.contact.name
        return HIDDEN if self.is_hidden else "a contact that is not here any more"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, newest first, and the cursor of those that are older."""

    shown: list[Line]
    older: int | None


def of_people(organisation: Organisation, *, before: int | None = None) -> Lines:
    """Return what people did in an organisation."""
    changes = ContactLinkChange.objects.filter(organisation=organisation, by__isnull=False)
    return _page(organisation, changes, before)


def of_key(organisation: Organisation, key: Key, *, before: int | None = None) -> Lines:
    """Return everything that was done to a pair, to a learner or to a contact."""
    changes = ContactLinkChange.objects.filter(organisation=organisation)
    if key.learner_id is not None:
        changes = changes.filter(learner_id=key.learner_id)
    if key.contact_id is not None:
        changes = changes.filter(contact_xero_id=key.contact_id)
    return _page(organisation, changes, before)


def _page(
    organisation: Organisation, changes: QuerySet[ContactLinkChange], before: int | None
) -> Lines:
    if before is not None:
        changes = changes.filter(pk__lt=before)
    found = list(changes.select_related("learner").order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    contact_ids = {change.contact_xero_id for change in shown}
    hidden = holds.not_to_be_seen(organisation, contact_ids)
    contacts = _contacts(organisation, contact_ids - hidden)
    undoable = which_can_be_undone(organisation, shown)
    lines = [
        Line(
            change,
            contacts.get(change.contact_xero_id),
            change.pk in undoable,
            change.contact_xero_id in hidden,
        )
        for change in shown
    ]
    return Lines(lines, shown[-1].pk if len(found) > PAGE_SIZE else None)


def _contacts(organisation: Organisation, ids: Collection[UUID]) -> dict[UUID, Contact]:
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=ids)
    return {contact.xero_id: contact for contact in rows.defer("raw", "digest")}


def which_can_be_undone(organisation: Organisation, shown: Sequence[ContactLinkChange]) -> set[int]:
    """Return the lines of people after which nothing else was done to their two."""
    mine = [change for change in shown if change.by_id is not None]
    later = ContactLinkChange.objects.filter(
        organisation=organisation, learner_id__in={change.learner_id for change in mine}
    ).values_list("learner_id", "contact_xero_id", "pk", "at", "by_id")
    newest: dict[tuple[int, UUID], int] = {}
    moments = {(c.learner_id, c.contact_xero_id, c.at) for c in mine}
    for learner_id, contact_id, pk, at, by_id in later:
        # What followed from an act at once belongs to it.
        if by_id is None and (learner_id, contact_id, at) in moments:
            continue
        ids = learner_id, contact_id
        newest[ids] = max(pk, newest.get(ids, 0))
    return {c.pk for c in mine if newest.get((c.learner_id, c.contact_xero_id)) == c.pk}
