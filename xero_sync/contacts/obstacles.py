"""What stands in the way of a push, and how the push waits for it to end.

It is kept with the push: the contact in Xero, and why. Some wait for a person's answer, some for
another learner's push, the others for a change here or in Xero; when the contact changes there,
`store.contact_links` lets the push try again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.models import ContactPush, PushState
from xero_sync.store import identity_facts

OPEN = (PushState.PENDING, PushState.SENT)
# What a person answers.
ASKED = frozenset(
    (
        *(identity.Why.NUMBER_ALONE, identity.Why.SHARED_EMAIL, identity.Why.SAME_NAME),
        *(identity.Why.MERGED, identity.Why.MERGED_OTHER, identity.Why.MERGED_PORTAL),
    )
)
# Somebody else's push is over in a second or two.
_SOON = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A contact in the way of a push: a question, or somebody else's."""

    push: ContactPush
    contact_id: UUID
    why: identity.Why
    # By whom the contact is held, where that is known.
    holder_id: int | None = None


def put_aside(obstacles: Sequence[Obstacle], *, now: datetime) -> None:
    """Let pushes wait for what is in their way: an answer, another push, or a change here."""
    # In the order in which rows are locked, see `lrm.row_locks`.
    for each in sorted(obstacles, key=lambda each: each.push.pk):
        if each.why in ASKED:
            _wait(each, PushState.QUESTION, "")
        elif each.why is identity.Why.OTHER_LEARNER and _is_on_its_way(each):
            _wait(each, PushState.PENDING, "Waiting for another learner's change", now + _SOON)
        else:
            _wait(each, PushState.REFUSED, _refusal(each))


def explain(organisation: Organisation, refused: Sequence[ContactPush]) -> None:
    """Add to Xero's words what to do where a contact that is not active is the cause.

    It keeps its number for ever and cannot be written to, and Xero's words need not say so.
    """
    for push in refused:
        own = Contact.objects.filter(organisation=organisation)
        if push.contact_xero_id:
            own = own.filter(xero_id=push.contact_xero_id)
        else:
            own = own.filter(contact_number=push.learner.number)
        contact = own.exclude(status=identity_facts.ACTIVE).order_by("id").first()
        if contact is not None:
            push.problem = f"{push.problem} {_not_active(contact)}"[:1000]


def _not_active(contact: Contact) -> str:
    number = contact.contact_number
    if contact.status != "ARCHIVED":
        return (
            f"A contact that is being erased has the number {number}: "
            "give this learner another number."
        )
    return (
        f"The archived contact {contact.name} has the number {number}: restore it in Xero and "
        "save this learner again, or give this learner another number."
    )


def _wait(
    obstacle: Obstacle,
    state: PushState,
    problem: str,
    not_before: datetime | None = None,
) -> None:
    push = obstacle.push
    # It keeps a contact of its own, where only the number of another is in the way.
    own = push.contact_xero_id if push.contact_xero_id != obstacle.contact_id else None
    # Not where the lease was taken away, because the connection has changed hands.
    mine = ContactPush.objects.filter(pk=push.pk, leased_until__in=push.lease_ends)
    # A learner saved meanwhile goes again, as it is now.
    mine.exclude(version=push.version).update(state=PushState.PENDING, leased_until=None)
    mine.filter(version=push.version).update(
        state=state,
        problem=problem,
        not_before=not_before,
        leased_until=None,
        contact_xero_id=own,
        known_as=push.known_as if own else None,
        # Xero has answered for this one. Two that wait for each other must meet in one batch.
        stumbles=0,
        candidate_xero_id=obstacle.contact_id,
        candidate_why=obstacle.why.value,
    )


def _is_on_its_way(obstacle: Obstacle) -> bool:
    """Return whether whoever has the number in Xero is about to give it up."""
    if obstacle.holder_id is None:
        return False
    return ContactPush.objects.filter(
        learner_id=obstacle.holder_id, state__in=OPEN, learner__sync_to_xero=True
    ).exists()


def _refusal(obstacle: Obstacle) -> str:
    """Return what is wrong, and what a person can do."""
    number = obstacle.push.learner.number
    if obstacle.why is identity.Why.ARCHIVED:
        return _archived(obstacle)
    if obstacle.why is identity.Why.OTHER_PORTAL:
        return (
            f"In Xero the number {number} is taken by a contact of another portal that uses the "
            "same organisation. Give this learner another number."
        )
    if obstacle.why is identity.Why.REJECTED:
        return (
            f"In Xero the number {number} is taken by somebody else. "
            "Give this learner another number."
        )
    holder = Learner.objects.filter(pk__in=[obstacle.holder_id]).first()
    who = str(holder) if holder else "another learner"
    if obstacle.push.contact_xero_id == obstacle.contact_id:
        return f"The contact in Xero is kept for {who}, and a contact follows one learner only."
    return (
        f"In Xero the number {number} is on the contact of {who}. "
        f"Tick Sync to Xero for {who}, or give this learner another number."
    )


def _archived(obstacle: Obstacle) -> str:
    """Return what Xero did with the learner's own contact, and what a person can do."""
    portal_id = obstacle.push.learner.portal_id
    contacts = Contact.objects.filter(organisation__portal_id=portal_id)
    contact = contacts.filter(xero_id=obstacle.contact_id).first()
    if contact is None:
        return "The contact in Xero is archived. Restore it in Xero."
    if contact.status == identity_facts.ERASED:
        return (
            f"The person of the contact {contact.name} in Xero asked to be forgotten, so nothing "
            "is sent. Untick Sync to Xero for this learner."
        )
    if contact.merged_to_xero_id is None:
        return (
            f"The contact {contact.name} is archived in Xero, which takes no change of it. Restore "
            "it in Xero: the learner is sent by itself then."
        )
    return (
        f"The contact {contact.name} was merged into another in Xero, which is not linked to this "
        "learner, or which several learners share. Restore the contact in Xero, or unlink it and "
        "give this learner another number."
    )
