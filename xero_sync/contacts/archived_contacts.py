"""Contacts of learners that Xero takes no change of, and those that are nobody's to write.

Xero refuses every change of an archived contact, and only its own pages restore one; of a person
who asked to be forgotten nothing is written at all. A learner whose contact is so waits, unless
Xero merged it into another that may be written, or the learner has an active one besides.

A contact that several learners share, such as an employer's, carries no learner's name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices.models import Contact, LinkSource
from xero_sync.models import ContactPush
from xero_sync.store import identity_facts


@dataclass(frozen=True, slots=True)
class OwnLink:
    """The link of a learner to a contact, and what it says of whether the contact may be written.

    `number` is the contact's; `is_shared`: another learner of the portal is linked to it, too.
    """

    pk: int
    learner_id: int
    contact_xero_id: UUID
    source: str
    evidence: str
    is_active: bool
    number: str | None
    is_shared_here: bool

    @property
    def is_shared(self) -> bool:
        """Whether several share it, and a person's word or a merge alone links this learner."""
        return self.is_shared_here and self.source == LinkSource.PERSON

    def is_writable(self, number: str) -> bool:
        """Return whether a learner with this number may write to it, as far as the link says."""
        return self.is_active and (not self.is_shared or self.number == number)


def links_of(organisation: Organisation, learner_ids: Sequence[int]) -> list[OwnLink]:
    """Return the links of these learners in the order in which they were made, in one query.

    A contact that is not stored yet was made just now, and is active.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT link.id, link.learner_id, link.contact_xero_id, link.source, link.evidence,
                   COALESCE(contact.status, %(active)s) = %(active)s, contact.contact_number,
                   EXISTS (SELECT FROM invoices_contactlink other
                            WHERE other.organisation_id = link.organisation_id
                              AND other.contact_xero_id = link.contact_xero_id
                              AND other.learner_id <> link.learner_id)
              FROM invoices_contactlink link
              LEFT JOIN invoices_contact contact
                ON contact.organisation_id = link.organisation_id
               AND contact.xero_id = link.contact_xero_id
             WHERE link.organisation_id = %(organisation)s
               AND link.learner_id = ANY(%(learners)s::bigint[])
             ORDER BY link.id
            """,
            {
                "active": identity_facts.ACTIVE,
                "organisation": organisation.pk,
                "learners": list(learner_ids),
            },
        )
        return [OwnLink(*columns) for columns in cursor.fetchall()]


def of(organisation: Organisation, batch: Iterable[ContactPush]) -> list[ContactPush]:
    """Return the pushes whose noted contact is archived, as far as it is known here."""
    noted = {push.contact_xero_id: push for push in batch if push.contact_xero_id}
    archived = Contact.objects.filter(organisation=organisation, xero_id__in=noted).exclude(
        status=identity_facts.ACTIVE
    )
    return [noted[contact_id] for contact_id in archived.values_list("xero_id", flat=True)]


def own(links: Iterable[OwnLink]) -> list[tuple[int, UUID]]:
    """Return the archived contacts that are the learners' own, each with its learner."""
    return [
        (link.learner_id, link.contact_xero_id)
        for link in links
        if not link.is_active and not link.is_shared
    ]


def with_number_elsewhere(
    links: Iterable[OwnLink], *, numbers: Mapping[int, str], written: Mapping[int, UUID]
) -> set[int]:
    """Return the learners whose number an archived contact of theirs keeps.

    Xero gives it to no other contact; the one that they write to goes without.

    :param numbers: {learner: its number}.
    :param written: {learner: the contact that it writes to}.
    """
    return {
        link.learner_id
        for link in links
        if link.contact_xero_id != written.get(link.learner_id)
        and not link.is_active
        and link.number == numbers[link.learner_id]
    }
