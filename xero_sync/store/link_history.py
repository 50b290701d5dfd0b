"""Links made and ended, each with its line in the history: when, why, and by whom.

Whoever calls holds the lock of `contact_links`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from connected_apps.audit import SYSTEM
from connected_apps.models import Organisation
from invoices.models import ContactLink, ContactLinkChange, LinkChange, LinkSource
from invoices.rules.identity import Why
from lrm.models import User
from xero_sync.store import document_moves

_BECAUSE = {
    Why.MADE: "Made in Xero for this learner, or written after agreement was shown",
    Why.PERSON: "A person said that this is the learner",
    Why.NAME: "Number and name agree",
    Why.EMAIL: "Number and e-mail address agree",
    Why.NAME_AND_EMAIL: "Number, name and e-mail address agree",
    Why.NUMBER_ALONE: "Only the number agrees",
    Why.SHARED_EMAIL: "Number and e-mail address agree, but somebody else has that address too",
    Why.OTHER_NUMBER: "The numbers do not agree",
    Why.OTHER_PORTAL: "The contact belongs to a learner of another portal",
    Why.OTHER_LEARNER: "The contact belongs to another learner",
    Why.REJECTED: "A person said that this is somebody else",
    Why.NOT_ACTIVE: "Only the number agrees, and the contact is archived",
    Why.MERGED: "Xero merged a contact of this learner into this one",
    Why.MERGED_OTHER: "Xero merged a contact of this learner into somebody else's",
    Why.MERGED_PORTAL: "The contact belongs to a learner of another portal",
    Why.UNMERGED: "No contact of this learner is merged into this one any more",
    Why.ERASED: "The contact asked to be forgotten, and nothing agrees any more",
    Why.CLEARED: "A person took back what was said",
    Why.UNDONE: "A person undid what was done last",
    Why.RELEASED: "Another portal took the contact over, since this one is not connected any more",
}


def make(
    *,
    organisation: Organisation,
    pairs: Iterable[tuple[int, UUID]],
    source: LinkSource,
    why: Why,
    now: datetime,
) -> None:
    """Link learners and contacts; a link that stands takes the new source and evidence."""
    pairs = list(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO invoices_contactlink
                   (learner_id, organisation_id, contact_xero_id, source, evidence, created_at,
                    number)
            SELECT learner_id, %s, contact_id, %s, %s, %s,
                   CASE WHEN %s THEN learner.number ELSE '' END
              FROM unnest(%s::bigint[], %s::uuid[]) AS pair (learner_id, contact_id)
              JOIN lrm_learner learner ON learner.id = learner_id
                ON CONFLICT (organisation_id, contact_xero_id, learner_id)
                DO UPDATE SET source = EXCLUDED.source, evidence = EXCLUDED.evidence,
                              number = EXCLUDED.number
            """,
            [
                *(organisation.pk, source, why.value, now, source == LinkSource.NUMBER),
                *_columns(pairs),
            ],
        )
    _note(organisation, pairs, LinkChange.MADE, source, why, now)


def end(
    *,
    organisation: Organisation,
    pairs: Iterable[tuple[int, UUID]],
    why: Why,
    now: datetime,
) -> None:
    """End derived links that the rule does not uphold any more.

    What merges took from the contacts is withheld as before: nobody has said anything.
    """
    ended = defaultdict(list)
    for learner_id, contact_id in pairs:
        link = ContactLink.objects.filter(
            Q(source=LinkSource.NUMBER) | Q(evidence=Why.MERGED.value),
            organisation=organisation,
            learner_id=learner_id,
            contact_xero_id=contact_id,
        ).first()
        if link is not None:
            link.delete()
            ended[link.source].append((learner_id, contact_id))
    for source, some in ended.items():
        _note(organisation, some, LinkChange.ENDED, source, why, now)
        document_moves.keep(tenant_id=organisation.tenant_id, pairs=some)


def note(
    *,
    organisation: Organisation,
    learner_id: int,
    contact_id: UUID,
    change: LinkChange,
    source: str,
    why: Why,
    now: datetime,
    by: User | None,
    by_name: str = "",
    before: dict[str, Any] | None = None,
) -> ContactLinkChange:
    """Write one line of the history, of what a person did.

    :param before: how the two stood before, so that it can be undone.
    """
    return ContactLinkChange.objects.create(
        learner_id=learner_id,
        organisation=organisation,
        contact_xero_id=contact_id,
        at=now,
        change=change,
        source=source,
        evidence=why.value,
        why=_BECAUSE[why],
        by=by,
        by_name=by_name or (str(by) if by else SYSTEM),
        before=before,
    )


def _note(
    organisation: Organisation,
    pairs: Sequence[tuple[int, UUID]],
    change: LinkChange,
    source: str,
    why: Why,
    now: datetime,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO invoices_contactlinkchange
                   (learner_id, organisation_id, contact_xero_id, at, change, source, evidence,
                    why, by_name)
            SELECT learner_id, %s, contact_id, %s, %s, %s, %s, %s, %s
              FROM unnest(%s::bigint[], %s::uuid[]) AS pair (learner_id, contact_id)
            """,
            [
                *(organisation.pk, now, change, source, why.value, _BECAUSE[why], SYSTEM),
                *_columns(pairs),
            ],
        )


def _columns(pairs: Sequence[tuple[int, UUID]]) -> list[list[int] | list[UUID]]:
    return [[learner_id for learner_id, _ in pairs], [contact_id for _, contact_id in pairs]]
