"""Telling people of a run's end, by a notice in the header and by e-mail.

Whoever asked is told; of the first sync also whoever connected Xero. Where the daily count or a
command asked, nobody is told of a good end: the log says it. A difference that stays is told to the
portal's admins, but not again every day.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from connected_apps.queries import xero_connections
from connected_apps.states import admin_notices
from invoices import amounts
from lrm import mail, moments, notices
from lrm.models import NoticeLevel, User
from xero_sync.contacts import page_addresses
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import changed_spans, comparison, run_progress, run_titles
from xero_sync.store import differing

_MOST_NAMED = 10
# The daily count finds a difference again every day, or after a few where Xero was not connected.
_STILL_THE_SAME = timedelta(days=4)
# After a run was cancelled.
WHAT_STAYS: dict[RunWhat, str] = {
    RunWhat.DOCUMENTS: "What it had read so far is kept.",
    RunWhat.CHANGED: "What it had read so far is kept.",
    RunWhat.LEARNERS: "Learners that are on their way reach Xero all the same.",
}


def notify_end(*, run: SyncRun, state: RunState, summary: str, reason: str, now: datetime) -> None:
    """Tell people that a run has ended by itself, in the transaction that ends it.

    :param reason: what differs, in words; empty where all is well.
    """
    subject = _subject(run, state, reason)
    text = f"{subject}. {summary}." if run.what == RunWhat.LEARNERS else _text(run, reason)
    people = _people_of(run)
    if not people and reason and not _was_told(run, now=now):
        people = admin_notices.portal_admins(run.portal)
    level = NoticeLevel.WARNING if reason else NoticeLevel.SUCCESS
    # Where something differs, that comes first.
    nobodys = page_addresses.of_nobodys_documents() if run.unmatched_count else ""
    ended = f"It ended at {moments.clock_with_zone(now, zone=run.portal.zone)}."
    parts = [text, _differing_in_words(run), _proof(run), _of_nobody(nobodys), ended]
    _notify(people, level, subject, parts, leads_to="" if reason else nobodys)


def _subject(run: SyncRun, state: RunState, reason: str) -> str:
    title = run_titles.title_of(run)
    if reason or run.what == RunWhat.LEARNERS:
        return f"{title}: {state.label.lower()}"
    return "First sync finished" if run.is_first else f"{title} finished"


def _text(run: SyncRun, reason: str) -> str:
    """Return how a run of documents ended, in one or two sentences."""
    read = f"{run_progress.progress_of(run).read:,}"
    title = "First sync" if run.is_first else run_titles.title_of(run)
    if reason:
        what = _how_many_differ(run) or reason
        how = f"{title} finished, but not everything is as it is in Xero: {what}."
    elif run.is_first:
        how = f"{title} finished: all {read} documents are here."
    elif span := run_titles.span_of(run):
        since = changed_spans.moment(span.since, zone=run.portal.zone)
        how = f"{title} finished: all {read} documents that Xero lists as changed since {since} "
        how += "are here, as it lists them or newer."
    else:
        how = f"{title} finished: {read} documents read, complete."
    if not run.unmatched_count:
        return how
    return f"{how} {run.unmatched_count:,} belong to no learner."


def _how_many_differ(run: SyncRun) -> str:
    count = sum(len(step.differing) for step in run.steps.all())
    return f"{count:,} document{' differs' if count == 1 else 's differ'}" if count else ""


def _differing_in_words(run: SyncRun) -> str:
    """Return which documents differ, a line each; the page has all of them."""
    found = [one for step in run.steps.all() for one in differing.from_json(step.differing)]
    lines = [one.sentence for one in found[:_MOST_NAMED]]
    if len(found) > _MOST_NAMED:
        lines.append(f"and {len(found) - _MOST_NAMED:,} more")
    return "\n".join(lines)


def notify_cancelled(*, run: SyncRun, by: User) -> None:
    """Tell those who wait for a run that it was cancelled, except the one who cancelled it."""
    subject = f"{run_titles.title_of(run)}: cancelled by {by}"
    text = f"{subject}. {WHAT_STAYS[RunWhat(run.what)]} It can be continued where it stopped."
    people = [person for person in _people_of(run) if person.pk != by.pk]
    _notify(people, NoticeLevel.WARNING, subject, [text])


def is_told(run: SyncRun, user: User) -> bool:
    """Return whether somebody is told of a run's end, however it ends."""
    return any(person.pk == user.pk for person in _people_of(run))


def _people_of(run: SyncRun) -> list[User]:
    """Return everybody who asked; of a first sync also who connected, else the portal's admins."""
    people = {person.pk: person for person in run.also_for.all()}
    if run.requested_by is not None:
        people[run.requested_by.pk] = run.requested_by
    if run.is_first:
        connection = xero_connections().filter(organisation=run.organisation_id).first()
        connected_by = connection.connected_by if connection else None
        if connected_by is not None and connected_by.is_active:
            people[connected_by.pk] = connected_by
        else:
            people.update({admin.pk: admin for admin in admin_notices.portal_admins(run.portal)})
    return [person for person in people.values() if person.is_active]


def _was_told(run: SyncRun, *, now: datetime) -> bool:
    """Return whether admins were told lately of all that differs, by a run nobody asked for."""
    if run.what == RunWhat.LEARNERS:
        return False
    before = SyncRun.objects.filter(
        organisation=run.organisation_id,
        what__in=(RunWhat.DOCUMENTS, RunWhat.CHANGED),
        state=RunState.DONE_WITH_PROBLEMS,
        requested_by=None,
        is_first=False,
        finished_at__gt=now - _STILL_THE_SAME,
    ).exclude(pk=run.pk)
    if run.what == RunWhat.DOCUMENTS:
        before = before.filter(date_from__lte=run.date_to, date_to__gte=run.date_from)
    differing = _differing(run)
    return any(differing <= _differing(one) for one in before.prefetch_related("steps"))


def _differing(run: SyncRun) -> frozenset[str]:
    compared = [comparison.of_step(step) for step in run.steps.all()]
    return frozenset(words for one in compared for words in comparison.lasting_words_of(one))


def _notify(
    people: Iterable[User],
    level: NoticeLevel,
    subject: str,
    parts: Sequence[str],
    *,
    leads_to: str = "",
) -> None:
    """Show the first part as a notice, and mail all parts.

    :param leads_to: where the notice leads; the re-sync page where that is empty.
    """
    address = reverse("resync")
    people = list(people)
    notices.notify(users=people, level=level, text=parts[0], url=leads_to or address)
    paragraphs = [part for part in (*parts, f"{settings.PUBLIC_URL}{address}") if part]
    mail.send_after_commit(
        addresses=[person.email for person in people],
        subject=subject,
        body="\n\n".join(paragraphs),
        about="a re-sync",
    )


def _of_nobody(address: str) -> str:
    """Return where documents that belong to no learner are looked after; empty without any."""
    if not address:
        return ""
    return f"Documents that belong to no learner: {settings.PUBLIC_URL}{address}"


def _proof(run: SyncRun) -> str:
    """Return Xero's counts beside ours, and the sums stored here; empty for learners."""
    lines = []
    for kind in run_progress.progress_of(run).kinds:
        here = "as many" if kind.our_count == kind.xero_count else f"{kind.our_count or 0:,}"
        stored = [f"{name} {amounts.grouped(both.stored)}" for name, both in kind.totals.items()]
        xero = "not counted" if kind.xero_count is None else f"{kind.xero_count:,}"
        lines.append(f"{kind.label}: {xero} in Xero, {here} here; {', '.join(stored) or 'no sums'}")
    return "\n".join(lines)
