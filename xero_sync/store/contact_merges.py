"""Who was merged into whom in Xero, and which learners that concerns.

A merge happens in Xero alone: the loser is archived and names the winner, which may have been
merged itself. The two may reach us in any order, the winner perhaps never; and what is merged in a
circle is merged into nobody. An active contact is not merged, whatever it names: it was restored.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from xero_sync.models import EventState, WebhookEvent
from xero_sync.store import identity_facts

# A partial index of those that were merged leads to them.
_IN_FORCE = """
    organisation_id = %(organisation)s AND merged_to_xero_id IS NOT NULL AND status <> 'ACTIVE'
"""
_AROUND = f"""
    WITH RECURSIVE merge (loser, winner) AS (
        SELECT xero_id, merged_to_xero_id FROM invoices_contact
         WHERE {_IN_FORCE}
           AND (xero_id = ANY(%(ids)s::uuid[]) OR merged_to_xero_id = ANY(%(ids)s::uuid[]))
         UNION
        SELECT xero_id, merged_to_xero_id FROM merge JOIN invoices_contact
            ON {_IN_FORCE}
           AND (merged_to_xero_id IN (loser, winner) OR xero_id = winner)
    )
    SELECT loser, winner, NULL::bigint FROM merge
"""  # noqa: S608 - put together from the text above
# Whose links by merge may end, because what they follow has changed.
_FOLLOWING = """
    SELECT NULL::uuid, NULL::uuid, followed.learner_id FROM invoices_contactlink followed
     WHERE followed.organisation_id = %(organisation)s AND followed.evidence = 'MERGED'
       AND (followed.contact_xero_id = ANY(%(ids)s::uuid[]) OR EXISTS (
            SELECT FROM invoices_contactlink link
             WHERE link.organisation_id = followed.organisation_id
               AND link.learner_id = followed.learner_id
               AND link.contact_xero_id = ANY(%(ids)s::uuid[])))
"""


class Merges:
    """Some merges that are in force, and the learners whose links by merge hang on them."""

    def __init__(self, pairs: Iterable[tuple[UUID, UUID]], learner_ids: Iterable[int] = ()) -> None:
        self._into = dict(pairs)
        self.learner_ids = set(learner_ids)
        self._losers: dict[UUID, set[UUID]] = defaultdict(set)
        for loser in self._into:
            for winner in self.winners_of(loser):
                self._losers[winner].add(loser)

    def __bool__(self) -> bool:
        return bool(self._into or self.learner_ids)

    @property
    def contact_ids(self) -> set[UUID]:
        """All contacts that are merged, or were merged into."""
        return {*self._into, *self._into.values()}

    def winners_of(self, contact_id: UUID) -> list[UUID]:
        """Return what a contact has become, the final winner last; nothing where that is a circle.

        Those in between count, too: documents may have stayed with each of them.
        """
        found: list[UUID] = []
        while (winner := self._into.get(found[-1] if found else contact_id)) is not None:
            if winner == contact_id or winner in found:
                return []
            found.append(winner)
        return found

    def losers_of(self, contact_id: UUID) -> set[UUID]:
        """Return the contacts that became this one, at once or by way of others."""
        return self._losers.get(contact_id, set())

    def is_merged(self, contact_id: UUID) -> bool:
        """Return whether a contact was merged into another."""
        return contact_id in self._into


NONE = Merges(())


def around(organisation_id: int, contact_ids: Iterable[str | UUID]) -> Merges:
    """Return the merges that some contacts have a part in, with all that hang together with them.

    One query, which finds next to nothing for nearly every page of contacts.
    """
    if not (ids := [str(each) for each in contact_ids]):
        return NONE
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_AROUND} UNION ALL {_FOLLOWING}", {"organisation": organisation_id, "ids": ids}
        )
        found = cursor.fetchall()
    return Merges(
        ((loser, winner) for loser, winner, _ in found if loser),
        (learner_id for _, _, learner_id in found if learner_id),
    )


def learners_of(organisation: Organisation, merges: Merges) -> list[int]:
    """Return the learners whom these merges concern."""
    linked = identity_facts.select(
        "SELECT DISTINCT learner_id FROM invoices_contactlink"
        " WHERE organisation_id = %s AND contact_xero_id = ANY(%s::uuid[])",
        organisation.pk,
        merges.contact_ids,
    )
    return sorted({*merges.learner_ids, *(learner_id for (learner_id,) in linked)})


def unfollowed(organisation: Organisation) -> list[int]:
    """Return the learners who are not linked to what a contact of theirs has become.

    Few: those of whom a person must say whether they are. Those of whom one did are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT link.learner_id FROM invoices_contact contact
              JOIN invoices_contactlink link
                ON link.organisation_id = %(organisation)s
               AND link.contact_xero_id = contact.xero_id
             WHERE contact.{_IN_FORCE.strip()}
               AND NOT EXISTS (
                   SELECT FROM invoices_contactlink followed
                    WHERE followed.organisation_id = %(organisation)s
                      AND followed.learner_id = link.learner_id
                      AND followed.contact_xero_id = contact.merged_to_xero_id)
               AND NOT EXISTS (
                   SELECT FROM invoices_contactdecision decision
                    WHERE decision.organisation_id = %(organisation)s
                      AND decision.learner_id = link.learner_id
                      AND decision.contact_xero_id = contact.merged_to_xero_id)
            """,  # noqa: S608 - put together from the text above
            {"organisation": organisation.pk},
        )
        return [learner_id for (learner_id,) in cursor.fetchall()]


def rows_of_learners(
    organisation: Organisation, learner_ids: Sequence[int]
) -> list[identity_facts.Row]:
    """Return the pairs in which one of these learners is, by number, by link or by merge."""
    rows = identity_facts.rows_of_learners(organisation, learner_ids)
    merged, _ = followed_rows(organisation, learner_ids)
    return list(dict.fromkeys([*rows, *merged]))


def followed_rows(
    organisation: Organisation, learner_ids: Sequence[int]
) -> tuple[list[identity_facts.Row], set[UUID]]:
    """Return the pairs of learners and what their contacts have become, and winners not known yet.

    Those that were paired before, and may be no more, are among them.
    """
    links = identity_facts.select(
        "SELECT learner_id, contact_xero_id, evidence = 'MERGED' FROM invoices_contactlink"
        " WHERE organisation_id = %s AND learner_id = ANY(%s::bigint[])",
        organisation.pk,
        learner_ids,
    )
    merges = around(organisation.pk, {contact_id for _, contact_id, _ in links})
    if not merges:
        return [], set()
    ids = {(learner_id, contact_id) for learner_id, contact_id, is_merged in links if is_merged}
    for learner_id, contact_id, is_merged in links:
        if not is_merged:
            ids.update((learner_id, each) for each in merges.winners_of(contact_id))
    rows = identity_facts.rows_of_pairs(organisation, sorted(ids))
    known = {row.contact_xero_id for row in rows}
    return rows, {contact_id for _, contact_id in ids} - known


def ask_for(
    organisation: Organisation,
    contact_ids: Iterable[UUID],
    *,
    now: datetime,
    why: str = "A contact was merged into it",
) -> None:
    """Have contacts fetched, such as winners that are not stored yet, as if an event named them."""
    wanted = set(contact_ids)
    asked = WebhookEvent.objects.filter(
        organisation=organisation, resource_id__in=wanted, state=EventState.PENDING
    )
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            organisation=organisation,
            category="CONTACT",
            event_type="UPDATE",
            resource_id=contact_id,
            received_at=now,
            note=why,
        )
        for contact_id in sorted(wanted - set(asked.values_list("resource_id", flat=True)))
    )
