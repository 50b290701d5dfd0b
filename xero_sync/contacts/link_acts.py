"""What a person does to the link of a learner and a contact, with all that follows from it.

The deciding itself is `store.link_decisions`. Here each act also shows among the changes of the
learner, and lets its push go on where the learner is ticked: to the contact that is its own now, to
a new one, or to the next question.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.covering import named_numbers
from invoices.models import ContactLinkChange, LinkChange
from lrm.models import Learner, LearnerChange, User
from xero_sync.contacts import push_queue
from xero_sync.jobs import dispatch
from xero_sync.store import contact_links, hold_releases, link_decisions

FIELD = "contact in Xero"


def link(
    *, learner: Learner, organisation: Organisation, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """Link a learner and a contact; return the line of the history by which to undo it.

    :raises link_decisions.NotPossible: in words for the person who asked.
    """
    return _do(link_decisions.link, learner, organisation, contact_id, by, now)


def unlink(
    *, learner: Learner, organisation: Organisation, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """End a link of any source, or say no where there is none; return its line of the history.

    :raises link_decisions.NotPossible: in words for the person who asked.
    """
    return _do(link_decisions.unlink, learner, organisation, contact_id, by, now)


def clear(
    *, learner: Learner, organisation: Organisation, contact_id: UUID, by: User, now: datetime
) -> ContactLinkChange:
    """Forget what a person said of a learner and a contact, and derive anew.

    :raises link_decisions.NotPossible: in words for the person who asked.
    """
    return _do(link_decisions.clear_decision, learner, organisation, contact_id, by, now)


def undo(*, change_id: int, by: User, now: datetime) -> ContactLinkChange:
    """Undo a line of the history of the person's own portal, while it is the newest of its two.

    :raises link_decisions.NotPossible: in words for the person who asked.
    """
    with transaction.atomic():
        line = link_decisions.undo(change_id=change_id, by=by, now=now)
        _follow(line.learner, line, by=by, now=now)
    return line


def release(
    *, organisation: Organisation, contact_id: UUID, by: User, now: datetime
) -> list[ContactLinkChange]:
    """Lift the hold that a portal which is connected no more has on a contact.

    :raises link_decisions.NotPossible: in words for the person who asked.
    """
    with transaction.atomic():
        lines = hold_releases.release_other_portal(
            organisation=organisation, contact_id=contact_id, by=by, now=now
        )
        dispatch.PUSH_LEARNERS.wake(organisation.portal_id)
    return lines


def _do(
    decide: Callable[..., ContactLinkChange],
    learner: Learner,
    organisation: Organisation,
    contact_id: UUID,
    by: User,
    now: datetime,
) -> ContactLinkChange:
    with transaction.atomic():
        # Before the learner's row, as saving it does.
        contact_links.hold([organisation.tenant_id])
        line = decide(
            organisation=organisation,
            learner_id=learner.pk,
            contact_id=contact_id,
            by=by,
            now=now,
        )
        _follow(learner, line, by=by, now=now)
    return line


def _follow(learner: Learner, line: ContactLinkChange, *, by: User, now: datetime) -> None:
    """Write the learner's line, and let its push go on; that of others who waited, too.

    Where the contact is nobody's own any more, its documents may name learners.
    """
    if line.change == LinkChange.ENDED:
        named_numbers.renew_of_contact(line.contact_xero_id, organisation=line.organisation)
    LearnerChange.objects.create(learner=learner, by=by, at=now, fields=[FIELD])
    if learner.sync_to_xero:
        push_queue.request(learner=learner, now=now)
    dispatch.PUSH_LEARNERS.wake(learner.portal_id)
