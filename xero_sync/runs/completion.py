"""The end of a run: what state it ends in, and why."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from connected_apps import audit
from connected_apps.models import XERO
from invoices.models import ContactLink, Document
from xero_sync.jobs import sweep_schedule
from xero_sync.models import OPEN_RUNS, RunState, SyncRun
from xero_sync.runs import (
    changed_spans,
    comparison,
    learner_progress,
    learner_run,
    learner_titles,
    run_log,
    run_messages,
    run_notices,
    run_progress,
    run_titles,
)
from xero_sync.store import credit_mismatches

# The column holds 500, and "and 1,000 more" must follow.
_LONGEST_REASON = 480
_VERIFIED = "Complete. Xero and the LRM agree on number and amounts"
_CHANGED_VERIFIED = (
    "Complete: all that Xero lists as changed since {since} is here, as Xero lists it or newer. "
    "{count} of it changed last before {until}; what changed again later is listed by its last "
    "change, and is here too"
)


def finish(*, run: SyncRun, now: datetime) -> None:
    """End a run of documents: done where every window is complete, else with problems."""
    credit_mismatches.follow_all(organisation_id=run.organisation_id, now=now)
    run.unmatched_count = _unmatched_count(run)
    SyncRun.objects.filter(pk=run.pk).update(unmatched_count=run.unmatched_count)
    compared = [comparison.of_step(step) for step in run.steps.all()]
    problems = [words for one in compared for words in comparison.problems_of(one)]
    proof = _proof(run)
    for words in problems or [proof]:
        run_log.write(run, words, now=now)
    summary = _summary(run) if problems else f"{_summary(run)}. {proof}"
    _end(run, reason=_reason(problems), summary=summary, now=now)
    if run.is_first:
        # Only a sweep after it can say that everything is in step.
        sweep_schedule.make_due(organisation_id=run.organisation_id, now=now)


def finish_learners(*, run: SyncRun, now: datetime) -> None:
    """End a run of learners: done where each is in Xero as they are here, else with problems."""
    with transaction.atomic():
        learner_run.keep_outcomes(run)
        progress = learner_progress.progress_of(run)
        if progress is None:
            return
        problems = learner_titles.problems_of(progress)
        summary = learner_titles.proof_of(progress)
        run_log.write(run, "; ".join([summary, *problems]), now=now)
        reason = "; ".join(problems)
        told = f"{summary}; {reason}" if reason else summary
        _end(run, reason=reason, summary=told, now=now)


def _proof(run: SyncRun) -> str:
    """Return what was proved, where nothing differs."""
    span = run_titles.span_of(run)
    if span is None:
        return _VERIFIED
    zone = run.portal.zone
    return _CHANGED_VERIFIED.format(
        since=changed_spans.moment(span.since, zone=zone),
        until=changed_spans.moment(span.until, zone=zone),
        count=f"{_documents_of(run).filter(updated_at__lt=span.until).count():,}",
    )


def _documents_of(run: SyncRun) -> QuerySet[Document]:
    """Return what a run has read, as it is stored now."""
    stored = Document.objects.filter(organisation_id=run.organisation_id)
    if run.changed_from is not None:
        return stored.filter(updated_at__gte=run.changed_from)
    return stored.filter(date__range=(run.date_from, run.date_to))


def _unmatched_count(run: SyncRun) -> int:
    """Count the documents of the range whose contact belongs to no learner."""
    linked = ContactLink.objects.filter(organisation_id=run.organisation_id)
    of_nobody = _documents_of(run).exclude(contact_xero_id__in=linked.values("contact_xero_id"))
    return of_nobody.count()


def _reason(problems: list[str]) -> str:
    """Return what differs in one line, cut between two problems and never in a word."""
    kept: list[str] = []
    for words in problems:
        if len("; ".join([*kept, words])) > _LONGEST_REASON:
            break
        kept.append(words)
    further = len(problems) - len(kept)
    return "; ".join([*kept, f"and {further:,} more"] if further else kept)


def _summary(run: SyncRun) -> str:
    """Return what a run has read and what became of it, without what there was none of."""
    figures = run_progress.progress_of(run)
    became = {
        "new": figures.new,
        "changed": figures.changed,
        "could not be saved": figures.quarantined,
        "belong to no learner": run.unmatched_count or 0,
    }
    parts = [f"{count:,} {words}" for words, count in became.items() if count]
    read = f"{figures.read:,} documents read"
    return f"{read}: {', '.join(parts)}" if parts else read


def _end(run: SyncRun, *, reason: str, summary: str, now: datetime) -> None:
    state = RunState.DONE_WITH_PROBLEMS if reason else RunState.DONE
    with transaction.atomic():
        ended = SyncRun.objects.filter(pk=run.pk, state__in=OPEN_RUNS).update(
            state=state, reason=reason[:500], finished_at=now, leased_until=None
        )
        if not ended:
            return
        audit.record(
            portal=run.portal,
            app=XERO,
            action="RESYNC_ENDED",
            by=None,
            now=now,
            detail=f"{state.label}: {summary}",
            organisation_name=run.organisation.name,
            is_problem=bool(reason),
            correlation_id=run.correlation_id,
        )
        run_notices.notify_end(run=run, state=state, summary=summary, reason=reason, now=now)
        run_messages.note_end(run, now=now)
