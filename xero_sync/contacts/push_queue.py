"""Learners on their way to Xero: one push row a learner, taken in batches of up to 50.

A save writes the row in its own transaction; workers take rows with SKIP LOCKED, and a killed
worker's rows come free. None is taken before a person has started it (`push_gate`). How a batch is
sent is `push_sender`'s business.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import row_locks
from lrm.models import Learner, Portal
from xero_sync.api import rate_limiter, sessions
from xero_sync.contacts import (
    obstacles,
    ownership,
    push_gate,
    push_sender,
    refusal_notices,
    released_contacts,
)
from xero_sync.jobs import dispatch, leases
from xero_sync.models import ContactPush, PushState

logger = logging.getLogger(__name__)

BATCH = 50
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
        state=PushState.PENDING,
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
    waiting = _open_pushes().filter(learner__portal=portal).select_related("learner")
    batch = leases.take_many(waiting.order_by("id"), most=BATCH, now=clock())
    if not batch:
        refusal_notices.tell(portal_id=portal_id, now=clock())
        return None
    organisation = connection.organisation
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    in_view = released_contacts.InView(batch)
    with leases.working_on(*batch, organisation_id=organisation.pk, clock=clock) as turn:
        push_sender.send(session, organisation, batch, clock)
    in_view.offer(organisation, now=clock())
    return timedelta(0) if turn.went_well else turn.delay


def waiting_portals(*, now: datetime) -> list[int]:
    """Return the portals with learners to push whose connection can take them.

    And those in which somebody has to be told of learners that got stuck.
    """
    live = push_gate.open_connections().values("portal_id")
    due = leases.takeable(ContactPush, now)
    rows = _open_pushes().filter(due, learner__portal_id__in=live)
    portals = rows.values_list("learner__portal_id", flat=True).distinct()
    return list({*portals, *refusal_notices.waiting_portals(now=now)})


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
        problem="",
        contact_xero_id=None,
        known_as=None,
        candidate_xero_id=None,
        candidate_why="",
        told_at=None,
        admins_told_at=None,
    )
    dispatch.PUSH_LEARNERS.wake(portal_id)
