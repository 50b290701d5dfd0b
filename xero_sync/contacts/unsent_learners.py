"""Learners that are ticked and did not reach Xero: which they are, and sending them again."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from connected_apps.models import Organisation
from invoices.models import ContactLink
from lrm import row_locks
from lrm.models import Learner
from xero_sync.contacts import obstacles
from xero_sync.jobs import dispatch
from xero_sync.models import ContactPush, PushState


def changed_between(
    *, organisation: Organisation, date_from: date, date_to: date
) -> QuerySet[Learner]:
    """Return those that were changed between two days, inclusive, as the portal's calendar has it.

    Not in Xero are those whose push is not done, and those who have no contact there: it is theirs
    no longer, or they were never sent, as after an import. A contact that was found by its number
    is there, and is not written over before somebody changes the learner.
    """
    portal = organisation.portal
    links = ContactLink.objects.filter(organisation=organisation, learner=OuterRef("pk"))
    is_done = Q(contact_push__state=PushState.DONE) | Q(contact_push=None)
    return portal.learners.filter(
        ~Q(Exists(links)) | ~is_done,
        sync_to_xero=True,
        updated_at__gte=datetime.combine(date_from, time.min, portal.zone),
        updated_at__lt=datetime.combine(date_to + timedelta(days=1), time.min, portal.zone),
    )


def send_again(*, portal_id: int, learner_ids: Sequence[int], now: datetime) -> None:
    """Let these learners of a portal go to Xero at once, in the caller's transaction.

    What a worker is just sending stays with it. The caller holds who is who, so that nobody saves
    one of the learners meanwhile.
    """
    pushes = ContactPush.objects.filter(
        pk__in=row_locks.lock(ContactPush.objects.filter(learner_id__in=learner_ids))
    )
    is_open = Q(state__in=obstacles.OPEN)
    pushes.filter(is_open).update(not_before=None, attempts=0)
    pushes.exclude(is_open).update(
        state=PushState.PENDING, not_before=None, attempts=0, problem="", sent_digest=None
    )
    unasked = Learner.objects.filter(pk__in=learner_ids, contact_push=None).order_by("pk")
    ContactPush.objects.bulk_create(
        [
            ContactPush(learner_id=learner_id, requested_at=now)
            for learner_id in unasked.values_list("pk", flat=True)
        ],
        batch_size=5000,
        ignore_conflicts=True,
    )
    dispatch.PUSH_LEARNERS.wake(portal_id)
