"""The end of a run: what state it ends in, and telling the person who asked for it."""

import logging
from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

from connected_apps import audit
from lrm import notices
from lrm.models import NoticeLevel
from xero_sync import runs
from xero_sync.models import ContactPush, PushState, RunState, SyncRun, SyncStep

logger = logging.getLogger(__name__)

OPEN = runs.OPEN


def finish(*, run: SyncRun, now: datetime) -> None:
    """End a run of documents: done where every count agrees, else done with problems."""
    reason = "; ".join(words for step in run.steps.all() if (words := _difference(step)))
    _end(run, reason=reason, summary=_summary(run), now=now)


def requeue_learners(*, run: SyncRun, now: datetime) -> None:
    """End a run of learners: those changed in the range that did not reach Xero wait anew."""
    pushes = ContactPush.objects.filter(
        learner__portal_id=run.portal_id,
        learner__updated_at__date__range=(run.date_from, run.date_to),
        learner__sync_to_xero=True,
    ).exclude(state=PushState.DONE)
    count = pushes.update(
        state=PushState.PENDING, not_before=None, claimed_until=None, attempts=0, problem=""
    )
    words = f"{count} learner{'' if count == 1 else 's'} on the way to Xero"
    _end(run, reason="", summary=words, now=now)


def _difference(step: SyncStep) -> str:
    """Return what is not as it should be with a step, in words; empty where all is well."""
    label = step.get_resource_display()
    problems = []
    if step.xero_count is None:
        problems.append(f"{label}: Xero gave no count to compare with")
    elif step.xero_count != (step.our_count or 0) + step.set_aside_count:
        problems.append(f"{label}: Xero counts {step.xero_count}, stored {step.our_count}")
    if step.set_aside_count:
        problems.append(f"{label}: {step.set_aside_count} set aside")
    return "; ".join(problems)


def _summary(run: SyncRun) -> str:
    figures = runs.progress_of(run)
    return (
        f"{figures.read:,} documents read: {figures.new:,} new, {figures.changed:,} changed, "
        f"{figures.unchanged:,} unchanged, {figures.set_aside:,} set aside"
    )


def _end(run: SyncRun, *, reason: str, summary: str, now: datetime) -> None:
    state = RunState.DONE_WITH_PROBLEMS if reason else RunState.DONE
    with transaction.atomic():
        ended = SyncRun.objects.filter(pk=run.pk, state__in=OPEN).update(
            state=state, reason=reason[:500], finished_at=now, claimed_until=None
        )
        if not ended:
            return
        audit.record(
            portal=run.portal,
            action="RESYNC_ENDED",
            by=None,
            now=now,
            detail=f"{state.label}: {summary}",
            organisation_name=run.organisation.name,
            is_problem=bool(reason),
            correlation_id=run.correlation_id,
        )
        _tell(run, state, summary, reason)


def _tell(run: SyncRun, state: RunState, summary: str, reason: str) -> None:
    """Tell the person who asked, under the bell and by e-mail."""
    if run.requested_by is None:
        return
    days = f"{run.date_from:%-d %b %Y} to {run.date_to:%-d %b %Y}"
    text = f"Re-sync of {days}: {state.label.lower()}. {summary}."
    address = reverse("resync")
    notices.notify(
        users=[run.requested_by],
        level=NoticeLevel.WARNING if reason else NoticeLevel.SUCCESS,
        text=text,
        url=address,
    )
    if run.requested_by.email:
        body = f"{text}\n\n{reason}\n\n{settings.PUBLIC_URL}{address}\n".replace("\n\n\n", "\n")
        transaction.on_commit(partial(_send, run.requested_by.email, days, state, body))


def _send(to: str, days: str, state: RunState, body: str) -> None:
    try:
        send_mail(f"Xero re-sync of {days}: {state.label.lower()}", body, None, [to])
    except OSError:
        # The notice under the bell is there already; a mail server that is away undoes nothing.
        logger.exception("The mail about a re-sync could not be sent")
