"""What a person decides of a learner and a contact: linked, not linked, taken back, undone.

Each act holds the lock of `contact_links`, is remembered so that nothing derives the opposite, is
followed by whatever the rule says of the contact now in every portal, and returns its line of the
history, by whose id it can be undone. What Xero has is never changed here: a contact that was
written over stays as it is.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import (
    Contact,
    ContactLink,
    ContactLinkChange,
    LinkChange,
    LinkSource,
)
from invoices.rules.identity import Why
from lrm.models import Learner, User
from xero_sync.store import (
    contact_links,
    identity_facts,
    identity_verdicts,
    link_history,
    pair_standing,
)


class NotPossible(Exception):
    """What a person asked for cannot be done; the message says why, and what to do."""


class UnknownContact(NotPossible):
    """The contact, or the learner, is not the organisation's."""


class ContactErased(NotPossible):
    """The contact's person asked to be forgotten."""


class HeldByAnotherPortal(NotPossible):
    """The contact belongs to a learner of another portal on the same organisation."""


class NothingToUndo(NotPossible):
    """There is no such line, or something happened to the two since."""


def link(
    *, organisation: Organisation, learner_id: int, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """Link a learner and a contact because a person says so, against whatever the rule says.

    :raises UnknownContact: the organisation has no such contact, or the portal no such learner.
    :raises ContactErased: nobody may be linked to it any more.
    :raises HeldByAnotherPortal: a learner of another portal has it.
    """
    with _deciding(organisation):
        _check(organisation, learner_id, contact_id)
        before = pair_standing.of(organisation, learner_id, contact_id)
        # What we made stays so: it is worth more than a word.
        source = before.source if before.source == LinkSource.PUSHED else LinkSource.PERSON
        pair_standing.link(organisation, learner_id, contact_id, source, Why.PERSON, now=now)
        pair_standing.say(organisation, learner_id, contact_id, True, by=by, now=now)
        line = _line(
            *(organisation, learner_id, contact_id, LinkChange.MADE, source, Why.PERSON),
            by=by,
            now=now,
            before=before,
        )
        contact_links.follow_decision(organisation, [contact_id], now=now)
    return line


def unlink(
    *, organisation: Organisation, learner_id: int, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """End a link of any source, or answer no where there is none; nothing links the two again.

    The learner's push forgets the contact. Where the contact has the learner's number still, that
    is in the push's way from then on.

    :raises UnknownContact: the portal has no such learner.
    """
    with _deciding(organisation):
        _check_learner(organisation, learner_id)
        before = pair_standing.of(organisation, learner_id, contact_id)
        pair_standing.unlink(organisation, learner_id, contact_id)
        pair_standing.say(organisation, learner_id, contact_id, False, by=by, now=now)
        change = LinkChange.ENDED if before.source else LinkChange.REJECTED
        line = _line(
            *(organisation, learner_id, contact_id, change, before.source or "", Why.REJECTED),
            by=by,
            now=now,
            before=before,
        )
        contact_links.follow_decision(organisation, [contact_id], now=now)
    return line


def clear_decision(
    *, organisation: Organisation, learner_id: int, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """Forget what a person said of the two, with the link that rests on it; derive anew.

    :raises NothingToUndo: nobody has said anything.
    """
    with _deciding(organisation):
        before = pair_standing.of(organisation, learner_id, contact_id)
        if before.said is None:
            raise NothingToUndo("Nobody has said anything of this contact.")
        rests_on_it = before.source == LinkSource.PERSON and before.evidence == Why.PERSON.value
        if rests_on_it:
            pair_standing.unlink(organisation, learner_id, contact_id)
        pair_standing.say(organisation, learner_id, contact_id, None, by=by, now=now)
        change = LinkChange.ENDED if rests_on_it else LinkChange.CLEARED
        source = before.source if rests_on_it and before.source else ""
        line = _line(
            *(organisation, learner_id, contact_id, change, source, Why.CLEARED),
            by=by,
            now=now,
            before=before,
        )
        contact_links.follow_decision(organisation, [contact_id], now=now)
    return line


def undo(*, change_id: int, by: User, now: datetime) -> ContactLinkChange:
    """Put a learner and a contact back to how they stood before a line of their history.

    What a person did is put back exactly; what the system did is answered with the opposite, which
    a person has said from then on. The line that is returned can be undone itself.

    :raises NothingToUndo: the person's portal has no such line, or it is not the newest of the two.
    :raises ContactErased, HeldByAnotherPortal: the link cannot be made again.
    """
    lines = ContactLinkChange.objects.select_related("organisation")
    change = lines.filter(pk=change_id, organisation__portal=by.portal).first()
    if change is None:
        raise NothingToUndo("There is no such line in the history.")
    with _deciding(change.organisation):
        _check_is_newest(change)
        if change.before is not None:
            return _restore(change, pair_standing.Standing(**change.before), by=by, now=now)
        opposite = _opposite(change)
        return opposite(
            organisation=change.organisation,
            learner_id=change.learner_id,
            contact_id=change.contact_xero_id,
            by=by,
            now=now,
        )


@contextmanager
def _deciding(organisation: Organisation) -> Iterator[None]:
    """A transaction with the lock of everybody on the organisation in Xero."""
    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        yield


def _check(organisation: Organisation, learner_id: int, contact_id: UUID) -> None:
    """Make sure that a learner may be linked to a contact.

    :raises UnknownContact, ContactErased, HeldByAnotherPortal: it may not.
    """
    learner = _check_learner(organisation, learner_id)
    contact = Contact.objects.filter(organisation=organisation, xero_id=contact_id).first()
    if contact is None:
        raise UnknownContact("Xero has no such contact, or it was not read yet. Try again later.")
    if contact.status == identity_facts.ERASED:
        raise ContactErased(
            f"The person of {contact.name} asked to be forgotten, so nobody can be linked to it."
        )
    row = identity_facts.Row(
        learner.pk,
        contact.xero_id,
        identity_facts.learner_facts(learner),
        identity_facts.contact_facts(contact),
    )
    verdict = identity_verdicts.candidates(organisation, [row])[0].verdict
    if verdict.why in (Why.OTHER_PORTAL, Why.MERGED_PORTAL):
        raise HeldByAnotherPortal(
            "The contact belongs to a learner of another portal that uses the same organisation. "
            "Somebody there must give it up, or disconnect from the organisation."
        )


def _check_learner(organisation: Organisation, learner_id: int) -> Learner:
    learner = Learner.objects.filter(pk=learner_id, portal_id=organisation.portal_id).first()
    if learner is None:
        raise UnknownContact("There is no such learner.")
    return learner


def _check_is_newest(change: ContactLinkChange) -> None:
    """Make sure that nothing happened to the two since, but what followed from it at once.

    :raises NothingToUndo: something did.
    """
    later = ContactLinkChange.objects.filter(
        organisation=change.organisation,
        learner_id=change.learner_id,
        contact_xero_id=change.contact_xero_id,
        pk__gt=change.pk,
    )
    if later.exclude(at=change.at, by=None).exists():
        raise NothingToUndo("It was changed again since, so it cannot be undone any more.")


def _opposite(change: ContactLinkChange) -> Callable[..., ContactLinkChange]:
    """Return what undoes a line that does not say how the two stood before."""
    if change.by_id is not None:
        return clear_decision
    return unlink if change.change == LinkChange.MADE else link


def _restore(
    change: ContactLinkChange, wanted: pair_standing.Standing, *, by: User, now: datetime
) -> ContactLinkChange:
    organisation, learner_id = change.organisation, change.learner_id
    contact_id = change.contact_xero_id
    before = pair_standing.of(organisation, learner_id, contact_id)
    # What follows from the rule is left to the rule.
    source = None if _is_derived(wanted) else wanted.source
    if source:
        _check(organisation, learner_id, contact_id)
        why = Why.MADE if source == LinkSource.PUSHED else Why.PERSON
        if source == LinkSource.PUSHED and _is_anothers(organisation, learner_id, contact_id):
            source, why = LinkSource.PERSON, Why.PERSON
        pair_standing.link(organisation, learner_id, contact_id, source, why, now=now)
    else:
        pair_standing.unlink(organisation, learner_id, contact_id)
    pair_standing.say(organisation, learner_id, contact_id, wanted.said, by=by, now=now)
    if bool(source) == bool(before.source):
        what = LinkChange.CLEARED
    else:
        what = LinkChange.MADE if source else LinkChange.ENDED
    line = _line(
        *(organisation, learner_id, contact_id, what, source or before.source or "", Why.UNDONE),
        by=by,
        now=now,
        before=before,
    )
    contact_links.follow_decision(organisation, [contact_id], now=now)
    return line


def _is_derived(standing: pair_standing.Standing) -> bool:
    return standing.source == LinkSource.NUMBER or standing.evidence == Why.MERGED.value


def _is_anothers(organisation: Organisation, learner_id: int, contact_id: UUID) -> bool:
    made = ContactLink.objects.filter(
        organisation=organisation, contact_xero_id=contact_id, source=LinkSource.PUSHED
    )
    return made.exclude(learner_id=learner_id).exists()


def _line(
    organisation: Organisation,
    learner_id: int,
    contact_id: UUID,
    change: LinkChange,
    source: str,
    why: Why,
    *,
    by: User,
    now: datetime,
    before: pair_standing.Standing,
) -> ContactLinkChange:
    return link_history.note(
        organisation=organisation,
        learner_id=learner_id,
        contact_id=contact_id,
        change=change,
        source=source,
        why=why,
        by=by,
        now=now,
        before=dataclasses.asdict(before),
    )
