"""Which contacts are which learners: derived anew whenever either side changes.

A link by number, or by a merge in Xero, stands for as long as the rule (`invoices.rules.identity`)
upholds it, and is derived in the transaction that changes a learner or stores a contact. What we
made and what a person said stays. Both sides hold one lock of the organisation in Xero meanwhile,
or each would miss the other's change; it is taken before any row is, and by every portal on that
organisation.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Subquery

from connected_apps.models import Organisation
from invoices.models import ContactDecision, ContactLink, LinkSource
from invoices.rules import identity
from lrm import row_locks
from lrm.models import Learner
from xero_sync.models import ContactPush, PushState
from xero_sync.store import (
    address_sharers,
    contact_merges,
    identity_facts,
    identity_verdicts,
    link_history,
    open_questions,
)

# A namespace for the locks, of this module alone.
_LOCKS = 0x6C696E6B
# What a link that is derived rests on, and where it is said to come from.
_SOURCES = {
    **dict.fromkeys(identity.AGREEMENT, LinkSource.NUMBER),
    identity.Why.MERGED: LinkSource.PERSON,
}
_NOTHING_AGREES = frozenset(
    (
        *(identity.Why.OTHER_NUMBER, identity.Why.NOT_ACTIVE, identity.Why.ERASED),
        *(identity.Why.NUMBER_ALONE, identity.Why.SHARED_EMAIL),
    )
)
_GOES_ON: dict[str, Any] = {"state": PushState.PENDING, "not_before": None, "attempts": 0}


def hold(tenant_ids: Iterable[UUID]) -> None:
    """Keep others from changing who is who until the caller's transaction ends."""
    with connection.cursor() as cursor:
        for key in sorted({tenant_id.int % 2**31 for tenant_id in tenant_ids}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCKS, key])


def derive_for_contacts(
    *, organisation_id: int, contact_ids: Sequence[str | UUID], now: datetime
) -> None:
    """Link, and end links of, contacts that were just stored; in the same transaction."""
    if not contact_ids:
        return
    organisation = Organisation.objects.get(pk=organisation_id)
    hold([organisation.tenant_id])
    sharing = address_sharers.watched(organisation_id, contact_ids)
    followed = _derive(organisation, [*contact_ids, *sharing], now=now)
    _let_pushes_go_on(organisation, [*contact_ids, *followed])
    _tell_neighbours(organisation, followed, now=now)


def derive_for_learners(
    *,
    saved: Sequence[tuple[Learner, str]],
    organisation: Organisation,
    now: datetime,
    asked_for: Collection[int] = (),
) -> None:
    """Link, and end links of, learners that were just saved; in the same transaction.

    :param saved: each with the address it had before; whoever shares the old or the new one is
        looked at too.
    :param asked_for: learners whose pushes the caller asks for, or takes back, right after: what
        theirs noted before is over then, and must not go on.
    """
    moved = [
        (learner, before)
        for learner, before in saved
        if identity.address_of(before) != identity.address_of(learner.email)
    ]
    ids = dict.fromkeys(learner.pk for learner, _ in saved)
    if moved:
        ids |= dict.fromkeys(address_sharers.sharing(organisation, moved))
    learner_ids = list(ids)
    rows = identity_facts.rows_of_learners(organisation, learner_ids)
    links = ContactLink.objects.filter(organisation=organisation, learner_id__in=learner_ids)
    contact_ids = {row.contact_xero_id for row in rows}
    contact_ids.update(links.values_list("contact_xero_id", flat=True))
    merges = contact_merges.around(organisation.pk, contact_ids)
    candidates = identity_verdicts.candidates(organisation, rows, merges=merges)
    changed = _apply(organisation, candidates, now=now)
    open_questions.keep_of_learners(organisation, learner_ids, candidates, now=now)
    # Whose winner has the number that one of these had, perhaps, may follow now.
    unfollowed = contact_merges.unfollowed(organisation)
    followed = _follow_merges(organisation, merges, unfollowed, now=now)
    moved_ids = {contact_id for _, contact_id in changed} | followed
    if moved_ids:
        # Somebody else's change may be what a question or a refusal waited for.
        waiting = _waiting(organisation).filter(candidate_xero_id__in=moved_ids)
        row_locks.update(waiting.exclude(learner_id__in=asked_for), **_GOES_ON)
    _tell_neighbours(organisation, moved_ids, now=now)


def follow_erasure(
    organisation: Organisation, contact_ids: Sequence[UUID], *, address: str, now: datetime
) -> None:
    """Do what follows where a learner is no more. The caller has the lock.

    :param contact_ids: the contacts that were the learner's, which are nobody's now.
    :param address: its e-mail address, which may say something of another learner now.
    """
    if contact_ids:
        follow_decision(organisation, contact_ids, now=now)
    alone = Learner.objects.filter(pk__in=address_sharers.left_alone(organisation, [address]))
    if saved := [(learner, learner.email) for learner in alone]:
        derive_for_learners(saved=saved, organisation=organisation, now=now)


def make_own(
    *, organisation: Organisation, pairs: Sequence[tuple[int, UUID]], now: datetime
) -> None:
    """Note that contacts were made for learners, or written to after agreement was shown.

    Whoever else had one of them by its number loses it. The caller has the lock.
    """
    ours = ContactLink.objects.filter(
        organisation=organisation,
        contact_xero_id__in=[contact_id for _, contact_id in pairs],
        source=LinkSource.PUSHED,
    )
    rejected = ContactDecision.objects.filter(
        organisation=organisation,
        learner_id__in=[learner_id for learner_id, _ in pairs],
        is_same_person=False,
    )
    # A person may have ended the link while the call was under way.
    ids = "learner_id", "contact_xero_id"
    known = {*ours.values_list(*ids), *rejected.values_list(*ids)}
    if new := [pair for pair in pairs if pair not in known]:
        link_history.make(
            organisation=organisation,
            pairs=new,
            source=LinkSource.PUSHED,
            why=identity.Why.MADE,
            now=now,
        )
        derive_everywhere(organisation, [contact_id for _, contact_id in new], now=now)


def derive_everywhere(
    organisation: Organisation,
    contact_ids: Sequence[UUID],
    *,
    now: datetime,
    let_go: Collection[int] = (),
) -> None:
    """Derive anew whose these contacts are, for every portal on the organisation in Xero.

    :param let_go: the organisations of portals that follow no merge to them.
    """
    for each in Organisation.objects.filter(tenant_id=organisation.tenant_id):
        changed = _derive(each, contact_ids, now=now, follow=each.pk not in let_go)
        _tell_neighbours(each, changed, now=now, let_go=let_go)


def follow_decision(
    organisation: Organisation,
    contact_ids: Sequence[UUID],
    *,
    now: datetime,
    let_go: Collection[int] = (),
) -> None:
    """Do what follows from a person's word on these contacts, for every portal. In the lock.

    :param let_go: see `derive_everywhere`.
    """
    derive_everywhere(organisation, contact_ids, now=now, let_go=let_go)
    for each in Organisation.objects.filter(tenant_id=organisation.tenant_id):
        _let_pushes_go_on(each, contact_ids)


def follow_release(
    organisation: Organisation, contact_ids: Sequence[UUID], *, by: Sequence[int], now: datetime
) -> None:
    """Do what follows where pushes let go of contacts, for every portal. The caller has the lock.

    Only whoever waits because they were somebody else's goes on.

    :param by: the learners who let go.
    """
    derive_everywhere(organisation, contact_ids, now=now)
    for each in Organisation.objects.filter(tenant_id=organisation.tenant_id):
        kept = _waiting(each).filter(
            candidate_xero_id__in=contact_ids,
            candidate_why__in=(identity.Why.OTHER_PORTAL.value, identity.Why.OTHER_LEARNER.value),
        )
        row_locks.update(kept.exclude(learner_id__in=by), **_GOES_ON)


def _let_pushes_go_on(organisation: Organisation, contact_ids: Sequence[str | UUID]) -> None:
    """Let whoever waits because of one of these contacts go on, or be asked again."""
    waiting = _waiting(organisation).filter(candidate_xero_id__in=contact_ids)
    row_locks.update(waiting, **_GOES_ON)


def _waiting(organisation: Organisation) -> QuerySet[ContactPush]:
    return ContactPush.objects.filter(
        learner__portal_id=organisation.portal_id,
        state__in=(PushState.QUESTION, PushState.REFUSED),
    )


def _tell_neighbours(
    organisation: Organisation,
    contact_ids: Collection[UUID],
    *,
    now: datetime,
    let_go: Collection[int] = (),
) -> None:
    """Let the other portals follow, where links to contacts were made or ended in one.

    Nobody there has stored anything, so that nothing else would make them look.
    """
    if not contact_ids:
        return
    same = Organisation.objects.filter(tenant_id=organisation.tenant_id)
    for each in same.exclude(pk=organisation.pk):
        _derive(each, sorted(contact_ids), now=now, follow=each.pk not in let_go)
        _let_pushes_go_on(each, sorted(contact_ids))


def _derive(
    organisation: Organisation,
    contact_ids: Sequence[str | UUID],
    *,
    now: datetime,
    follow: bool = True,
) -> set[UUID]:
    """Derive anew whose these contacts are, by number and, unless `follow` is false, by merge.

    Return those, and what they became, whose links were made or ended.
    """
    rows = identity_facts.rows_of_contacts(organisation, contact_ids)
    merges = contact_merges.around(organisation.pk, contact_ids) if follow else contact_merges.NONE
    candidates = identity_verdicts.candidates(organisation, rows, merges=merges)
    changed = _apply(organisation, candidates, now=now)
    open_questions.keep_of_contacts(organisation, contact_ids, candidates, now=now)
    followed = _follow_merges(organisation, merges, now=now)
    return {contact_id for _, contact_id in changed} | followed


def _follow_merges(
    organisation: Organisation,
    merges: contact_merges.Merges,
    more: Sequence[int] = (),
    *,
    now: datetime,
) -> set[UUID]:
    """Link those whose contacts were merged in Xero to the winners, and let their pushes go on.

    After the links by number, some of which they may follow. A winner that is not stored yet is
    asked for. Return the contacts whose links were made or ended.

    :param more: learners to look at whom these merges do not concern.
    """
    if not (merges or more):
        return set()
    learner_ids = [*contact_merges.learners_of(organisation, merges), *more]
    rows, missing = contact_merges.followed_rows(organisation, learner_ids)
    changed = _apply(organisation, identity_verdicts.candidates(organisation, rows), now=now)
    contact_merges.ask_for(organisation, missing, now=now)
    every = contact_merges.rows_of_learners(organisation, learner_ids)
    asked = identity_verdicts.candidates(organisation, every)
    open_questions.keep_of_learners(organisation, learner_ids, asked, now=now)
    learner_ids = [learner_id for learner_id, _ in changed]
    row_locks.update(_waiting(organisation).filter(learner_id__in=learner_ids), **_GOES_ON)
    return {contact_id for _, contact_id in changed}


def _apply(
    organisation: Organisation,
    candidates: Sequence[identity_verdicts.Candidate],
    *,
    now: datetime,
) -> list[tuple[int, UUID]]:
    """Make the links that the rule upholds, and end the derived ones that it does not.

    Return whose links these were.
    """
    made: dict[identity.Why, list[tuple[int, UUID]]] = defaultdict(list)
    ended: dict[identity.Why, list[tuple[int, UUID]]] = defaultdict(list)
    for each in candidates:
        why, link = each.verdict.why, each.link
        if link is None:
            if why in _SOURCES:
                made[why].append(each.ids)
        elif link.is_derived and not each.verdict.is_linked:
            ended[_why_ended(link, why)].append(each.ids)
        elif link.is_derived and link.evidence != why.value:
            _rest_on(organisation, each.ids, why)
    for why, pairs in made.items():
        link_history.make(
            organisation=organisation, pairs=pairs, source=_SOURCES[why], why=why, now=now
        )
    for why, pairs in ended.items():
        link_history.end(organisation=organisation, pairs=pairs, why=why, now=now)
    return [pair for pairs in (*made.values(), *ended.values()) for pair in pairs]


def _why_ended(link: identity_facts.Link, why: identity.Why) -> identity.Why:
    """Return why a link ends: that numbers do not agree is no reason where none was needed."""
    return identity.Why.UNMERGED if link.is_merged and why in _NOTHING_AGREES else why


def _rest_on(organisation: Organisation, ids: tuple[int, UUID], why: identity.Why) -> None:
    """Let a link that stands rest on other evidence."""
    source = _SOURCES.get(why, LinkSource.PERSON)
    learner = Learner.objects.filter(pk=ids[0]).values("number")
    ContactLink.objects.filter(
        organisation=organisation, learner_id=ids[0], contact_xero_id=ids[1]
    ).update(
        evidence=why.value,
        source=source,
        number=Subquery(learner) if source == LinkSource.NUMBER else "",
    )
