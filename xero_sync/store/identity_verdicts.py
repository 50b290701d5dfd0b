"""What the rule of identity says of many pairs, with what it must know besides: who holds the
contacts, what people said, and whether others have an e-mail address too.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models.functions import Lower

from connected_apps.models import XERO, Organisation
from invoices.models import Contact, LinkSource
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.store import contact_merges, identity_heirs
from xero_sync.store.identity_facts import ACTIVE, Link, Row, select


@dataclass(frozen=True, slots=True)
class Candidate:
    """A learner and a contact, what the rule says of the two, and the link that stands.

    `may_write`: the learner's details may be written over the contact.
    """

    learner_id: int
    contact_xero_id: UUID
    verdict: identity.Verdict
    link: Link | None
    may_write: bool = False

    @property
    def ids(self) -> tuple[int, UUID]:
        """Who the two are."""
        return self.learner_id, self.contact_xero_id


def candidates(
    organisation: Organisation,
    rows: Sequence[Row],
    *,
    name_is_refused: bool = False,
    merges: contact_merges.Merges | None = None,
) -> list[Candidate]:
    """Return what the rule says of each pair, in their order.

    :param name_is_refused: Xero refused the learners' names, because the contacts have them.
    :param merges: those that the contacts have a part in; looked up where they are not given.
    """
    if not rows:
        return []
    contact_ids = {row.contact_xero_id for row in rows}
    if merges is None:
        merges = contact_merges.around(organisation.pk, contact_ids)
    links = _links(organisation, contact_ids | merges.contact_ids)
    heirs = identity_heirs.of(organisation, rows, links, merges)
    holders = _holders(organisation, rows, links, any_link=name_is_refused)
    said = _said(organisation, rows)
    standing = {
        (link.learner_id, link.contact_xero_id): link
        for link in links
        if link.organisation_id == organisation.pk
    }
    pairs = [
        identity.Pair(
            row.learner,
            row.contact,
            holder=_holder(holders[row.contact_xero_id], row, heirs),
            said=said.get(row.ids, identity.Said.NOTHING),
            name_is_refused=name_is_refused,
            is_linked_now=row.ids in standing,
            is_heir=heirs.has(row),
            is_anothers=heirs.is_anothers(row),
            number_linked=standing[row.ids].number if row.ids in standing else "",
        )
        for row in rows
    ]
    verdicts = _verdicts(organisation, rows, pairs)
    return [
        Candidate(
            row.learner_id,
            row.contact_xero_id,
            verdict,
            standing.get(row.ids),
            identity.may_write(pair, verdict),
        )
        for row, pair, verdict in zip(rows, pairs, verdicts, strict=True)
    ]


def _links(organisation: Organisation, contact_ids: set[UUID]) -> list[Link]:
    """Return all links of these contacts, in every portal on the organisation in Xero."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT learner_id, contact_xero_id, organisation_id, source, evidence, number
              FROM invoices_contactlink
             WHERE organisation_id IN (
                   SELECT id FROM connected_apps_organisation WHERE tenant_id = %s)
               AND contact_xero_id = ANY(%s::uuid[])
            """,
            [organisation.tenant_id, list(contact_ids)],
        )
        return [Link(*columns) for columns in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Hold:
    """Somebody for whom a contact was made, or who is about to write to it (`is_link` tells)."""

    learner_id: int
    is_of_another_portal: bool
    is_link: bool
    is_merged: bool = False


def _holders(
    organisation: Organisation, rows: Sequence[Row], links: Iterable[Link], *, any_link: bool
) -> dict[UUID, set[_Hold]]:
    """Return who holds the contacts: by a link, or by a push that is under way.

    Of this portal's links only those to contacts that we made, or wrote, are exclusive; of those
    of another portal on the same organisation also what a person said.

    :param any_link: whoever is linked here counts, since it is about whose the contacts are at all.
    """
    holders: dict[UUID, set[_Hold]] = defaultdict(set)
    for link in links:
        is_theirs = link.organisation_id != organisation.pk
        exclusive = {LinkSource.PUSHED, LinkSource.PERSON} if is_theirs else {LinkSource.PUSHED}
        if link.source in exclusive or (any_link and not is_theirs):
            hold = _Hold(link.learner_id, is_theirs, is_link=True, is_merged=link.is_merged)
            holders[link.contact_xero_id].add(hold)
    by_number: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        by_number[row.contact.number].add(row.contact_xero_id)
    for learner_id, portal_id, contact_id, number in _under_way(organisation, by_number):
        hold = _Hold(learner_id, portal_id != organisation.portal_id, is_link=False)
        for each in [contact_id] if contact_id else by_number[number]:
            holders[each].add(hold)
    return holders


def _under_way(
    organisation: Organisation, by_number: dict[str, set[UUID]]
) -> list[tuple[int, int, UUID | None, str]]:
    """Return the pushes that write to one of these contacts, or may have made it just now.

    One whose learner was unticked will not go, unless it has gone; nor will another portal's that
    waits for a person to start it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT push.learner_id, learner.portal_id, push.contact_xero_id,
                   push.known_as ->> 'number'
              FROM xero_sync_contactpush push
              JOIN lrm_learner learner ON learner.id = push.learner_id
             WHERE push.state IN ('PENDING', 'SENT') AND push.known_as IS NOT NULL
               AND (push.state = 'SENT' OR learner.sync_to_xero
                    AND (learner.portal_id = %s OR EXISTS (
                         SELECT FROM xero_sync_pushstart start
                           JOIN connected_apps_organisation started
                             ON started.id = start.organisation_id
                          WHERE started.portal_id = learner.portal_id AND started.tenant_id = %s)))
               AND (push.contact_xero_id = ANY(%s::uuid[])
                    OR push.contact_xero_id IS NULL AND push.known_as ->> 'number' = ANY(%s))
               AND learner.portal_id IN (
                   SELECT connection.portal_id FROM connected_apps_connection connection
                     JOIN connected_apps_organisation organisation
                       ON organisation.id = connection.organisation_id
                    WHERE connection.app = %s AND organisation.tenant_id = %s)
            """,
            [
                organisation.portal_id,
                organisation.tenant_id,
                list(set[UUID]().union(*by_number.values())),
                [number for number in by_number if number],
                XERO,
                organisation.tenant_id,
            ],
        )
        return list(cursor.fetchall())


def _holder(holds: set[_Hold], row: Row, heirs: identity_heirs.Heirs) -> identity.Holder:
    learner_id = row.learner_id
    if heirs.has(row):
        # Two who follow merges to one contact do not hold it against each other.
        holds = {hold for hold in holds if not hold.is_merged}
    is_theirs = any(hold.is_of_another_portal for hold in holds)
    if is_theirs or heirs.is_of_another_portal(row):
        return identity.Holder.ANOTHER_PORTAL
    if any(hold.is_link for hold in holds if hold.learner_id == learner_id):
        return identity.Holder.THIS_LEARNER
    # What a push of its own is about to do is no reason yet.
    if any(hold.learner_id != learner_id for hold in holds):
        return identity.Holder.ANOTHER_LEARNER
    return identity.Holder.NOBODY


def _said(organisation: Organisation, rows: Iterable[Row]) -> dict[tuple[int, UUID], identity.Said]:
    decisions = select(
        "SELECT learner_id, contact_xero_id, is_same_person FROM invoices_contactdecision"
        " WHERE organisation_id = %s AND learner_id = ANY(%s::bigint[])",
        organisation.pk,
        {row.learner_id for row in rows},
    )
    return {
        (learner_id, contact_id): identity.Said.YES if is_same else identity.Said.NO
        for learner_id, contact_id, is_same in decisions
    }


def _verdicts(
    organisation: Organisation, rows: Sequence[Row], pairs: list[identity.Pair]
) -> list[identity.Verdict]:
    """Return what the rule says; where only an e-mail address agrees, whether others have it.

    Those pairs are replaced by what is known then.
    """
    verdicts = [identity.assess(pair) for pair in pairs]
    doubtful = [
        at
        for at, verdict in enumerate(verdicts)
        if verdict.why is identity.Why.EMAIL
        or (verdict.why is identity.Why.MERGED and pairs[at].emails_agree)
    ]
    if not doubtful:
        return verdicts
    owners = _owners(organisation, {rows[at].learner.email.strip().lower() for at in doubtful})
    for at in doubtful:
        address = rows[at].learner.email.strip().lower()
        is_shared = bool(owners[address] - set(rows[at].ids))
        pairs[at] = dataclasses.replace(pairs[at], email_is_shared=is_shared)
        verdicts[at] = identity.assess(pairs[at])
    return verdicts


def _owners(organisation: Organisation, addresses: set[str]) -> dict[str, set[int | UUID]]:
    """Return which learners and active contacts have these addresses."""
    learners = Learner.objects.alias(address=Lower("email")).filter(
        portal_id=organisation.portal_id, address__in=addresses
    )
    contacts = Contact.objects.alias(address=Lower("email")).filter(
        organisation=organisation, status=ACTIVE, address__in=addresses
    )
    owners: dict[str, set[int | UUID]] = defaultdict(set)
    for email, learner_id in learners.values_list("email", "id"):
        owners[email.lower()].add(learner_id)
    for email, contact_id in contacts.values_list("email", "xero_id"):
        owners[email.lower()].add(contact_id)
    return owners
