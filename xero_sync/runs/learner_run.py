"""A run of learners: they are chosen, sent by the workers for people, and read back from Xero.

A turn chooses the learners where that is to be done, and reads back the contacts of those whose
push is done. In between it waits: pushes are other workers' work, and they know how to wait for
Xero. Everything is a row: killed anywhere, the next turn goes on with what is still open.

The proof asks Xero for the contacts by their ids and holds each field that the LRM owns against the
learner. So it does not rest on what the answer to the push said.
"""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Min, OuterRef, Subquery, Value, When

from invoices.models import ContactLink, LinkSource
from lrm.models import Learner
from lrm.waking import worker_stop
from xero_sync.api import client, errors, list_queries, responses, sessions
from xero_sync.contacts import field_comparison, unsent_learners
from xero_sync.jobs import leases, own_failures
from xero_sync.models import ContactPush, LearnerOutcome, RunLearner, RunState, SyncRun
from xero_sync.resources import Resource
from xero_sync.runs import learner_progress, run_log, step_checkpoint
from xero_sync.store import contact_links, identity_facts

# How soon to look again whether pushes have come on; shorter waits than this are not told.
LOOK_AGAIN = timedelta(seconds=1)
_LONG_WAIT = timedelta(seconds=10)
_BATCH = client.most_ids(Resource.CONTACT)
_RANKED = Case(
    When(source=LinkSource.PUSHED, then=Value(0)),
    When(source=LinkSource.PERSON, then=Value(1)),
    default=Value(2),
)
_NO_CONTACT = "No contact in Xero is linked to this learner"
_NOT_GIVEN = "Xero answers with an error when it is asked for the contact"
_ARCHIVED = "The contact is archived in Xero"


def take_turn(
    run: SyncRun,
    session: sessions.Session,
    turn: leases.Turn,
    clock: leases.Clock,
    ends_at: datetime,
) -> bool:
    """Do as much as fits a turn; return whether every learner is settled.

    Where they are not, `turn` says when to look again, and what the run says until then.
    """
    if run.learner_count is None:
        _choose(run, session, clock())
    _go_on(run, clock())
    while clock() < ends_at and not worker_stop.is_asked():
        progress = learner_progress.progress_of(run)
        if progress is None or not (progress.waiting or progress.unchecked):
            return True
        if progress.waiting and progress.unchecked < _BATCH:
            turn.changes, turn.delay = _waiting(run, progress, clock())
            return False
        if not progress.waiting:
            _set_state(run, RunState.VERIFYING, clock())
        _check(run, session, clock)
    turn.delay = timedelta(0)
    return False


def _choose(run: SyncRun, session: sessions.Session, now: datetime) -> None:
    """Choose the learners that did not reach Xero, and let them go, in one transaction.

    Where it has chosen before, those are added that came to be behind since.
    """
    organisation, days = run.organisation, {"date_from": run.date_from, "date_to": run.date_to}
    behind = unsent_learners.changed_between(organisation=organisation, **days)
    with transaction.atomic():
        session.check_generation()
        step_checkpoint.renew_lease(run, now)
        contact_links.hold([organisation.tenant_id])
        ids = list(behind.values_list("pk", flat=True))
        RunLearner.objects.bulk_create(
            [RunLearner(run=run, learner_id=pk) for pk in ids],
            batch_size=5000,
            ignore_conflicts=True,
        )
        run.learners.filter(learner_id__in=ids).update(checked_version=None, problem="")
        unsent_learners.send_again(portal_id=run.portal_id, learner_ids=ids, now=now)
        run.learner_count = run.learners.count()
        SyncRun.objects.filter(pk=run.pk).update(learner_count=run.learner_count)
        words = "learner is" if len(ids) == 1 else "learners are"
        run_log.write(run, f"{len(ids):,} {words} sent to Xero", now=now)


def _go_on(run: SyncRun, now: datetime) -> None:
    if run.state in (RunState.QUEUED, RunState.PAUSED):
        _set_state(run, RunState.RUNNING, now)


def _set_state(run: SyncRun, state: RunState, now: datetime) -> None:
    if run.state == state:
        return
    run.state, run.started_at = state, run.started_at or now
    leases.renew(
        run,
        now=now,
        state=state,
        reason="",
        not_before=None,
        started_at=run.started_at,
        heard_at=now,
    )


def _check(run: SyncRun, session: sessions.Session, clock: leases.Clock) -> None:
    """Read back some contacts whose pushes are done, and hold their learners against them.

    :raises errors.XeroError: those of the turns before are kept.
    """
    unchecked = learner_progress.standing(run).filter(standing=LearnerOutcome.UNCHECKED)
    rows = list(unchecked.select_related("learner__contact_push").order_by("pk")[:_BATCH])
    contact_ids = _contacts_of(run, [row.learner_id for row in rows])
    wanted = [one for ids in contact_ids.values() for one in ids]
    pages, failed = _read(run, session, wanted, clock)
    elements = {
        str(one.get("ContactID", "")).lower(): one for page in pages for one in page.elements
    }
    with transaction.atomic():
        step_checkpoint.renew_lease(run, clock())
        for page in pages:
            step_checkpoint.store_without_checkpoint(session, run, Resource.CONTACT, page, clock())
        for row in rows:
            # Of a learner that was saved meanwhile this is an older version: it is read again.
            row.checked_version = row.learner.contact_push.version
            own = contact_ids[row.learner_id]
            found = [one for one in (elements.get(str(each)) for each in own) if one]
            if not found and failed.intersection(own):
                row.problem = _NOT_GIVEN
            else:
                row.problem = _problem(row.learner, found)
        RunLearner.objects.bulk_update(rows, ["checked_version", "problem"])


def _contacts_of(run: SyncRun, learner_ids: Sequence[int]) -> dict[int, list[UUID]]:
    """Return the ids of each learner's contacts, first the one that is written to."""
    links = ContactLink.objects.filter(
        organisation_id=run.organisation_id, learner_id__in=learner_ids
    )
    found: defaultdict[int, list[UUID]] = defaultdict(list)
    for learner_id, contact_id in links.order_by(_RANKED, "pk").values_list(
        "learner_id", "contact_xero_id"
    ):
        found[learner_id].append(contact_id)
    return found


def _read(
    run: SyncRun, session: sessions.Session, contact_ids: Sequence[UUID], clock: leases.Clock
) -> tuple[list[responses.Page], set[UUID]]:
    """Return the pages of these contacts, and the ids of those that Xero cannot give.

    :raises errors.XeroError: it answers no other question for contacts either.
    """
    pages: list[responses.Page] = []

    def read(some: Sequence[UUID]) -> None:
        with contextlib.suppress(errors.NotFound):
            pages.append(session.by_ids(Resource.CONTACT, some))

    def look_whether_xero_answers() -> None:
        leases.renew(run, now=clock())
        list_queries.count(session, list_queries.Listing(resource=Resource.CONTACT))

    # All that fails is found, so that each turn settles its learners.
    read_all = partial(
        own_failures.read_by_halves,
        read=read,
        most_failures=2 * len(contact_ids) + 1,
        after_failure=look_whether_xero_answers,
    )
    failed = read_all(client.batches(Resource.CONTACT, contact_ids))
    # Each once more, as an error may have been in passing.
    return pages, set(read_all([one] for one in failed))


def _problem(learner: Learner, contacts: Sequence[dict[str, Any]]) -> str:
    """Return what is not in Xero as it is here; nothing where all is well."""
    if not contacts:
        return _NO_CONTACT
    active = [one for one in contacts if one.get("ContactStatus") == identity_facts.ACTIVE]
    if not active:
        return _ARCHIVED
    if fields := field_comparison.differing(learner, active[0]):
        return f"Not as it is here: {', '.join(fields)}"[:1000]
    return ""


def _waiting(
    run: SyncRun, progress: learner_progress.LearnerProgress, now: datetime
) -> tuple[dict[str, Any], timedelta]:
    """Return how the run says that it waits for pushes, and for how long.

    Where every push that is open was put off, the run is paused until the first of them is tried
    again, with its reason. It is silent while no push comes on.
    """
    changes: dict[str, Any] = {"not_before": now + LOOK_AGAIN}
    come = (progress.chosen or 0) - progress.waiting
    if come != run.read_before_pace:
        changes |= {"read_before_pace": come, "heard_at": now}
    waiting = learner_progress.standing(run).filter(standing=LearnerOutcome.WAITING)
    pushes = ContactPush.objects.filter(learner_id__in=waiting.values("learner_id"))
    next_at = pushes.aggregate(at=Min("not_before"))["at"]
    is_due = pushes.exclude(not_before__gt=now).exists()
    if is_due or next_at is None or next_at - now < _LONG_WAIT:
        return changes, LOOK_AGAIN
    why = pushes.filter(not_before=next_at).values_list("problem", flat=True).first() or ""
    reason = why.rstrip(".")[:500]
    paused = {"state": RunState.PAUSED, "not_before": next_at, "reason": reason, "heard_at": now}
    return {**changes, **paused}, next_at - now


def keep_outcomes(run: SyncRun) -> None:
    """Write down how each learner stands, in the transaction that ends the run."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for pk, standing in learner_progress.standing(run).values_list("pk", "standing"):
        found[standing].append(pk)
    for outcome, ids in found.items():
        RunLearner.objects.filter(pk__in=ids).update(outcome=outcome)
    words = ContactPush.objects.filter(learner=OuterRef("learner_id")).values("problem")
    run.learners.filter(outcome=LearnerOutcome.REFUSED).update(problem=Subquery(words[:1]))
