"""The index of numbers that documents name: what a learner's documents are found by.

It is made behind the back of those who store documents, so that storing them costs no more. It
holds what may be a learner's number, whoever has it or none, so that a learner who is new or has
another number finds the documents at once. Documents of a learner's own contact are left out:
they are on the learner's page already, and are most of all.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from connected_apps.models import Organisation
from invoices import words
from invoices.models import ContactLink, Document, LineItem, NamedNumber
from invoices.rules import mentions


class Readable(NamedTuple):
    """A document as far as it is read here."""

    id: int
    contact_xero_id: UUID | None
    status: str
    reference: str


class Written(Protocol):
    """What has a text."""

    @property
    def id(self) -> int:
        """Our id of the document."""

    @property
    def reference(self) -> str:
        """Its reference."""


FIELDS = Readable._fields
REFERENCE = "reference"
# Read while a person waits.
_MOST_OF_CONTACT = 500


def renew(documents: Sequence[Readable], *, organisation: Organisation) -> int:
    """Bring the index of these documents up to date; return how many entries came or went.

    In the caller's transaction. What is right already is not written again.
    """
    wanted = {
        (document_id, number)
        for document_id, texts in texts_of(_unlinked(documents, organisation)).items()
        for number in mentions.numbers_of(texts)
    }
    entries = NamedNumber.objects.filter(document_id__in=[each.id for each in documents])
    present = {
        (document_id, number): entry_id
        for entry_id, document_id, number in entries.values_list("id", "document_id", "number")
    }
    gone = [entry_id for pair, entry_id in present.items() if pair not in wanted]
    new = [
        NamedNumber(document_id=document_id, organisation=organisation, number=number)
        for document_id, number in sorted(wanted - present.keys())
    ]
    if gone:
        NamedNumber.objects.filter(id__in=gone).delete()
    NamedNumber.objects.bulk_create(new, ignore_conflicts=True)
    return len(gone) + len(new)


def renew_of_contact(contact_id: UUID, *, organisation: Organisation) -> None:
    """Bring the index of a contact's newest documents up to date, whose links have changed.

    Older ones, where it has very many, are looked at by the next pass over all documents.
    """
    documents = Document.objects.filter(organisation=organisation, contact_xero_id=contact_id)
    newest = documents.order_by("-date", "-id").values_list(*FIELDS)[:_MOST_OF_CONTACT]
    if found := [Readable(*columns) for columns in newest]:
        renew(found, organisation=organisation)


def texts_of(documents: Iterable[Written]) -> dict[int, list[mentions.Text]]:
    """Return what is written on each document, by our id: its reference and lines; one query."""
    found: defaultdict[int, list[mentions.Text]] = defaultdict(list)
    for document in documents:
        found[document.id].append(mentions.Text(REFERENCE, document.reference))
    lines = LineItem.objects.filter(document_id__in=list(found)).exclude(description="")
    for document_id, position, description in lines.order_by("document_id", "position").values_list(
        "document_id", "position", "description"
    ):
        found[document_id].append(mentions.Text(f"line {position + 1}", description))
    return found


def linked_contacts(contact_ids: Iterable[UUID | None], *, organisation: Organisation) -> set[UUID]:
    """Return those of the contacts that are somebody: a learner of any portal on this Xero."""
    links = ContactLink.objects.filter(
        organisation__tenant_id=organisation.tenant_id,
        contact_xero_id__in={each for each in contact_ids if each},
    )
    return set(links.values_list("contact_xero_id", flat=True))


def _unlinked(documents: Sequence[Readable], organisation: Organisation) -> list[Readable]:
    linked = linked_contacts(
        {each.contact_xero_id for each in documents}, organisation=organisation
    )
    return [
        each
        for each in documents
        if each.contact_xero_id not in linked and each.status not in words.CANCELLED
    ]
