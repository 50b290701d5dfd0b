"""Learners on their way to Xero: one push row a learner, taken in batches of up to 50.

A save writes the row in its own transaction; workers take rows with SKIP LOCKED, and a killed
worker's rows come free. None is taken before a person has started it (`push_gate`). How a batch is
sent is `push_sender`'s business.

Xero may stumble over one learner of a batch, with a 500 or in silence, whenever it is sent. Whether
anything was written is not known then, so the others cannot simply be sent again without it. So
those that were sent together go after all others the next time, and in half the company with each
failure, until that one is alone. An outage looks the same; where a smaller batch gets through, the
rest goes in a larger one again.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from connected_apps.models import Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import row_locks
from lrm.models import Learner, Portal
from xero_sync.api import errors, rate_limiter, sessions
from xero_sync.contacts import (
    obstacles,
    ownership,
    push_gate,
    push_sender,
    refusal_notices,
    released_contacts,
)
from xero_sync.jobs import dispatch, leases, own_failures
from xero_sync.models import ContactPush, Cursor, PushState
from xero_sync.resources import Resource

logger = logging.getLogger(__name__)

BATCH = 50
# After so many halvings a batch is one learner.
_ALONE = BATCH.bit_length() - 1
# Failures after which one that is alone is told of: by then it has been alone for minutes.
_TOLD_AFTER = 10
# As long as contacts were read so lately, Xero answers.
_LATELY = timedelta(minutes=30)
OPEN = obstacles.OPEN


def request(*, learner: Learner, now: datetime) -> None:
    """Note that a learner must reach Xero; inside the transaction that saved the learner."""
    request_many(learners=[learner], now=now)


def request_many(*, learners: Sequence[Learner], now: datetime) -> None:
    """Note that learners of one portal must reach Xero; inside the transaction that saved them."""
    if not learners:
        return
    # As it was saved: a copy that comes with the push may be older.
    by_id = {learner.pk: learner for learner in sorted(learners, key=lambda each: each.pk)}
    # Version 1 once it is noted below.
    ContactPush.objects.bulk_create(
        (ContactPush(learner=each, version=0, requested_at=now) for each in by_id.values()),
        ignore_conflicts=True,
    )
    pushes = list(
        ContactPush.objects.select_for_update().filter(learner_id__in=by_id).order_by("id")
    )
    for push in pushes:
        push.learner = by_id[push.learner_id]
    ContactPush.objects.bulk_update(
        ownership.note_many(pushes, are_new=[p for p in pushes if p.state not in OPEN]),
        ["contact_xero_id", "known_as"],
    )
    ContactPush.objects.filter(pk__in=[push.pk for push in pushes]).update(
        state=PushState.PENDING,
        version=F("version") + 1,
        requested_at=now,
        not_before=None,
        attempts=0,
        stumbles=0,
        problem="",
        candidate_xero_id=None,
        candidate_why="",
    )
    dispatch.PUSH_LEARNERS.wake(learners[0].portal_id)


def withdraw_many(*, learners: Sequence[Learner], now: datetime) -> None:
    """Note that learners need not reach Xero; inside the transaction that saved them.

    What their pushes were about to write to is forgotten: by the time they are asked for again, a
    learner may be somebody else.
    """
    learner_ids = [learner.pk for learner in learners]
    noted = ContactPush.objects.filter(
        learner_id__in=learner_ids,
        # What waits for an answer or a change goes on by itself once that comes.
        state__in=(PushState.PENDING, PushState.QUESTION, PushState.REFUSED),
        contact_xero_id__isnull=False,
    )
    if contact_ids := {each for each in noted.values_list("contact_xero_id", flat=True) if each}:
        row_locks.update(noted, contact_xero_id=None, known_as=None)
        for organisation in learners[0].portal.organisations.all():
            released_contacts.offer(organisation, contact_ids, by=learner_ids, now=now)


def push_waiting(*, portal_id: int, clock: leases.Clock) -> timedelta | None:
    """Send one batch of a portal's learners; return when to come back, if there is more.

    Where there is nothing to send, people are told of what did not get through.
    """
    portal = Portal.objects.get(pk=portal_id)
    connection = connection_of(portal)
    if connection is None or connection.organisation is None or connection.state not in LIVE:
        refusal_notices.tell(portal_id=portal_id, now=clock())
        return None
    if not push_gate.is_open(connection.organisation):
        return None
    batch = _take(portal, clock())
    if not batch:
        refusal_notices.tell(portal_id=portal_id, now=clock())
        return None
    organisation = connection.organisation
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    in_view = released_contacts.InView(batch)
    with leases.working_on(*batch, organisation_id=organisation.pk, clock=clock) as turn:
        push_sender.send(session, organisation, batch, clock)
    _note_company(organisation, batch, turn, clock())
    in_view.offer(organisation, now=clock())
    return timedelta(0) if turn.went_well else turn.delay


def _take(portal: Portal, now: datetime) -> list[ContactPush]:
    """Take the next batch: those over whom Xero stumbled after all others, and fewer at once."""
    waiting = _of_portal(portal).order_by("stumbles", "id")
    taken = leases.take_many(waiting, most=BATCH, now=now)
    if not taken or not taken[-1].stumbles:
        return _with_learners(taken, portal)
    alike = [push for push in taken if push.stumbles == taken[0].stumbles]
    # Who has failed less often first: the one at fault would be the first for ever.
    alike.sort(key=lambda push: (push.attempts, push.pk))
    batch = alike[: max(1, BATCH >> alike[0].stumbles)]
    if left := [push for push in taken if push not in batch]:
        leases.update_leased(*left, leased_until=None)
    return _with_learners(batch, portal)


def _with_learners(batch: list[ContactPush], portal: Portal) -> list[ContactPush]:
    """Return pushes with their learners, read after the rows were leased.

    PostgreSQL reads a row that it waited for anew, and what is joined to it not: a push of a
    learner that is just being saved would come with the version after and the details before.
    """
    learners = Learner.objects.in_bulk([push.learner_id for push in batch])
    for push in batch:
        if learner := learners.get(push.learner_id):
            learner.portal = portal
            push.learner = learner
    return batch


def _note_company(
    organisation: Organisation, batch: Sequence[ContactPush], turn: leases.Turn, now: datetime
) -> None:
    """Note whether these go in smaller company the next time, or others in larger one."""
    if turn.error is not None and _may_be_one_of_them(turn.error):
        mine = ContactPush.objects.filter(pk__in=[push.pk for push in batch])
        row_locks.update(
            mine, stumbles=_in_half(len(batch)), **_words_alone(organisation, batch, now)
        )
    elif turn.went_well and any(push.stumbles for push in batch):
        # Not as if nothing had been: who never failed is sent with none of them.
        stumbling = _of_portal(organisation.portal).filter(stumbles__gt=1)
        row_locks.update(stumbling, stumbles=F("stumbles") - 1)


def _words_alone(
    organisation: Organisation, batch: Sequence[ContactPush], now: datetime
) -> dict[str, str]:
    """Return what a push says that fails again and again by itself while Xero answers.

    It is tried again all the same, but somebody should know.
    """
    first = batch[0]
    if len(batch) > 1 or first.stumbles < _ALONE or first.attempts + 1 < _TOLD_AFTER:
        return {}
    reads = Cursor.objects.filter(
        organisation=organisation,
        resource=Resource.CONTACT,
        problem="",
        last_swept_at__gt=now - _LATELY,
    )
    return {"problem": refusal_notices.FAILS_ALONE} if reads.exists() else {}


def _may_be_one_of_them(error: Exception) -> bool:
    if isinstance(error, errors.Ambiguous):
        return error.status != 503
    return own_failures.may_be_its_own(error)


def _in_half(count: int) -> int:
    """Return the number of halvings after which a batch is at most half as large as this one."""
    return next((n for n in range(1, _ALONE) if BATCH >> n <= count // 2), _ALONE)


def waiting_portals(*, now: datetime) -> list[int]:
    """Return the portals with learners to push whose connection can take them.

    And those in which somebody has to be told of learners that got stuck.
    """
    live = push_gate.open_connections().values("portal_id")
    due = leases.takeable(ContactPush, now)
    rows = _open_pushes().filter(due, learner__portal_id__in=live)
    portals = rows.values_list("learner__portal_id", flat=True).distinct()
    return list({*portals, *refusal_notices.waiting_portals(now=now)})


def _of_portal(portal: Portal) -> QuerySet[ContactPush]:
    return _open_pushes().filter(learner__portal=portal)


def _open_pushes() -> QuerySet[ContactPush]:
    """Return the rows to be worked on; one whose learner was unticked meanwhile is not."""
    return ContactPush.objects.filter(state__in=OPEN, learner__sync_to_xero=True)


def start_again(*, portal_id: int) -> None:
    """Let rows that waited for a connection go now; what Xero refused stays refused."""
    mine = ContactPush.objects.filter(learner__portal_id=portal_id, state__in=OPEN)
    row_locks.update(mine, not_before=None, leased_until=None, attempts=0, problem="")
    dispatch.PUSH_LEARNERS.wake(portal_id)


def start_over(*, portal_id: int) -> None:
    """Let every learner go again: what is known of one organisation says nothing of another."""
    row_locks.update(
        ContactPush.objects.filter(learner__portal_id=portal_id),
        state=PushState.PENDING,
        sent_digest=None,
        not_before=None,
        leased_until=None,
        attempts=0,
        stumbles=0,
        problem="",
        contact_xero_id=None,
        known_as=None,
        candidate_xero_id=None,
        candidate_why="",
        told_at=None,
        admins_told_at=None,
    )
    dispatch.PUSH_LEARNERS.wake(portal_id)
