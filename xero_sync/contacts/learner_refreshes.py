"""*Sync now*: a learner's contact and documents, read from Xero because a person asks.

Pressing it makes or re-opens the learner's one row, so that pressing twice is one reading, and
lets a push that is owed go at once. A worker of the people's lane reads; killed anywhere, the row
comes free and is read anew, which changes nothing that was stored. What Xero or a limit makes wait
says why and goes on by itself.
"""

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from connected_apps.models import Connection, Organisation
from connected_apps.queries import live_connection_of, live_connections
from invoices import queries
from invoices.models import Document
from lrm.models import Learner, User
from lrm.templatetags import shell
from xero_sync.api import errors, rate_limiter, sessions
from xero_sync.contacts import learner_reader, obstacles, push_gate, push_queue, questions
from xero_sync.jobs import dispatch, leases
from xero_sync.models import ContactPush, LearnerRefresh, PushState
from xero_sync.store import contact_links

# Nobody needs it sooner, and each costs five calls or more.
APART = timedelta(seconds=15)
# The learner's contact may just be made: it is read after that, but not later than this.
_LONGEST_FOR_PUSH = timedelta(seconds=20)
_PUSH_SECONDS = timedelta(seconds=1)


class Answer(enum.Enum):
    """What pressing the button did."""

    STARTED = enum.auto()
    UNDER_WAY = enum.auto()
    TOO_SOON = enum.auto()


def request(*, learner: Learner, organisation: Organisation, by: User, now: datetime) -> Answer:
    """Have a ticked learner's contact and documents read, and sent what is owed."""
    with transaction.atomic():
        refresh, is_new = LearnerRefresh.objects.select_for_update(of=("self",)).get_or_create(
            learner=learner,
            defaults={"organisation": organisation, "requested_by": by, "requested_at": now},
        )
        is_current = refresh.organisation_id == organisation.pk
        if not is_new and is_current and refresh.is_open:
            # Whatever it waits for, a person who asks again wants it to be tried.
            LearnerRefresh.objects.filter(pk=refresh.pk).update(not_before=None)
            dispatch.REFRESH_LEARNER.wake(refresh.pk)
            return Answer.UNDER_WAY
        if not is_new and is_current and now - refresh.requested_at < APART:
            return Answer.TOO_SOON
        if not is_new:
            _open_again(refresh, organisation, by, now)
        contact_links.hold([organisation.tenant_id])
        _let_push_go(learner, organisation, now)
        dispatch.REFRESH_LEARNER.wake(refresh.pk)
    return Answer.STARTED


def _open_again(
    refresh: LearnerRefresh, organisation: Organisation, by: User, now: datetime
) -> None:
    LearnerRefresh.objects.filter(pk=refresh.pk).update(
        organisation=organisation,
        requested_by=by,
        requested_at=now,
        not_before=None,
        leased_until=None,
        finished_at=None,
        attempts=0,
        problem="",
    )


def _let_push_go(learner: Learner, organisation: Organisation, now: datetime) -> None:
    """Send the learner where that is owed: refused before, put off, or without a contact."""
    push = ContactPush.objects.filter(learner=learner).first()
    if push is not None and push.state in obstacles.OPEN:
        ContactPush.objects.filter(pk=push.pk).update(not_before=None)
        dispatch.PUSH_LEARNERS.wake(learner.portal_id)
        return
    is_settled = push is None or push.state == PushState.DONE
    has_contact = bool(queries.contact_ids_of(learner=learner, organisation=organisation))
    is_asked = (
        push is not None
        and push.state == PushState.QUESTION
        and bool(questions.of_learner(learner=learner, organisation=organisation))
    )
    if not is_asked and not (is_settled and has_contact):
        push_queue.request(learner=learner, now=now)


def work_on(*, refresh_id: int, clock: leases.Clock) -> timedelta | None:
    """Read a learner for a refresh that waits; return when to come back, if needed."""
    refresh = leases.take(LearnerRefresh, refresh_id, now=clock(), finished_at=None)
    if refresh is None:
        return None
    connection = live_connection_of(organisation_id=refresh.organisation_id)
    if connection is None:
        leases.release(refresh)
        return None
    with leases.working_on(refresh, organisation_id=refresh.organisation_id, clock=clock) as turn:
        if _must_wait_for_push(refresh, clock()):
            turn.changes = {"not_before": clock() + _PUSH_SECONDS}
            turn.delay = _PUSH_SECONDS
        else:
            turn.changes = _read(refresh, connection, clock)
    return turn.delay


def waiting_refreshes(*, now: datetime) -> list[int]:
    """Return the refreshes of connected organisations that are due and nobody works on."""
    live = live_connections().values("organisation_id")
    due = LearnerRefresh.objects.filter(
        leases.takeable(LearnerRefresh, now), finished_at=None, organisation_id__in=live
    )
    return list(due.values_list("pk", flat=True))


def start_again(*, organisation_id: int) -> None:
    """Let refreshes go on now, whatever stood in the way: the connection was made anew."""
    mine = LearnerRefresh.objects.filter(organisation_id=organisation_id, finished_at=None)
    mine.update(not_before=None, leased_until=None, attempts=0, problem="")
    for pk in mine.values_list("pk", flat=True):
        dispatch.REFRESH_LEARNER.wake(pk)


def _must_wait_for_push(refresh: LearnerRefresh, now: datetime) -> bool:
    if now - refresh.requested_at > _LONGEST_FOR_PUSH:
        return False
    # Before the start it is only noted what a push needs.
    if not push_gate.is_open(refresh.organisation):
        return False
    return ContactPush.objects.filter(
        learner_id=refresh.learner_id, learner__sync_to_xero=True, state__in=obstacles.OPEN
    ).exists()


def _read(refresh: LearnerRefresh, connection: Connection, clock: leases.Clock) -> dict[str, Any]:
    """Read, and return what the row says of it."""
    reader = learner_reader.Reader(
        session=sessions.of(connection, lane=rate_limiter.Lane.PEOPLE),
        refresh=refresh,
        organisation=refresh.organisation,
        learner=refresh.learner,
        clock=clock,
    )
    try:
        figures = reader.read()
    except errors.Rejected as error:
        # Asking again would be answered the same.
        words = "; ".join(error.messages) or "it does not say why"
        why = f"Xero rejects the request: {words}"[:300]
        return {"finished_at": clock(), "not_before": None, "problem": why}
    came = Document.objects.filter(
        organisation_id=refresh.organisation_id,
        contact_xero_id__in=reader.contact_ids(),
        synced_at__gte=refresh.requested_at,
    )
    new = came.filter(first_synced_at__gte=refresh.requested_at).count()
    return {
        "finished_at": clock(),
        "not_before": None,
        "problem": _unread_in_words(figures.unread),
        "contact_count": figures.contacts,
        "document_count": figures.documents,
        "new_count": new,
        "changed_count": came.count() - new,
        "quarantined_count": figures.quarantined,
    }


def _unread_in_words(kinds: Sequence[str]) -> str:
    """Return why not everything could be read; nothing where all was."""
    if not kinds:
        return ""
    return (
        f"Xero answers with an error when it lists this learner's {shell.all_of(kinds)}. What it "
        "gives of them comes with the next sweep, within minutes"
    )
