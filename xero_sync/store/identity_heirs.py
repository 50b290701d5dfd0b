"""Who follows a merge in Xero to the winner, and whose the winner is besides.

A winner stands for all that was merged into it. It is another's where somebody else is linked to
it, or to one of those, without the learner being linked to the same one: what two learners share,
they go on to share. Links by merge do not count, else who came first would decide.
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import LinkSource
from xero_sync.store.contact_merges import Merges
from xero_sync.store.identity_facts import Link, Row, select

_EXCLUSIVE = (LinkSource.PUSHED, LinkSource.PERSON)


class Heirs:
    """What merges mean for some pairs of learners and contacts."""

    def __init__(self, organisation: Organisation, merges: Merges, links: Sequence[Link]) -> None:
        self._merges = merges
        # {contact: who is linked to it by more than a merge}, here and in other portals.
        self._ours: dict[UUID, set[int]] = defaultdict(set)
        self._theirs: set[UUID] = set()
        self._held_by_them: set[UUID] = set()
        for link in links if merges else ():
            if link.is_merged:
                continue
            if link.organisation_id == organisation.pk:
                self._ours[link.contact_xero_id].add(link.learner_id)
                continue
            self._theirs.add(link.contact_xero_id)
            if link.source in _EXCLUSIVE:
                self._held_by_them.add(link.contact_xero_id)
        self._numbered: dict[str, int] = {}
        # Nearly always empty, and asked for every pair of a page.
        self._pairs = {
            (learner_id, winner)
            for loser, linked in self._ours.items()
            for winner in merges.winners_of(loser)
            for learner_id in linked
        }

    def has(self, row: Row) -> bool:
        """Return whether a contact that the learner is linked to became this one."""
        return bool(self._pairs) and row.ids in self._pairs

    def is_of_another_portal(self, row: Row) -> bool:
        """Return whether another portal holds what became of the learner's contact."""
        return self.has(row) and not self._held_by_them.isdisjoint(self._family(row))

    def is_anothers(self, row: Row) -> bool:
        """Return whether what became of the learner's contact is somebody else's, too."""
        if not self.has(row):
            return False
        if self._numbered.get(row.contact.number, row.learner_id) != row.learner_id:
            return True
        return row.contact_xero_id in self._theirs or any(
            linked and row.learner_id not in linked
            for linked in (self._ours[contact_id] for contact_id in self._family(row))
        )

    def know_numbers(self, organisation: Organisation, rows: Sequence[Row]) -> None:
        """Look up which learners have the numbers of the winners."""
        numbers = {row.contact.number for row in rows if row.contact.number and self.has(row)}
        found = select(
            "SELECT number, id FROM lrm_learner WHERE portal_id = %s AND number = ANY(%s::text[])",
            organisation.portal_id,
            numbers,
        )
        self._numbered = dict(found)

    def _family(self, row: Row) -> set[UUID]:
        return {row.contact_xero_id, *self._merges.losers_of(row.contact_xero_id)}


def of(
    organisation: Organisation, rows: Sequence[Row], links: Sequence[Link], merges: Merges
) -> Heirs:
    """Return what merges mean for these pairs; nothing is asked where there are none."""
    heirs = Heirs(organisation, merges, links)
    if merges:
        heirs.know_numbers(organisation, rows)
    return heirs
