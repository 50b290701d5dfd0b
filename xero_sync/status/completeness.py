"""When completeness was last proved, and what differs: for the card and the operator's command.

Two things prove it. The daily count compares how many documents of each kind Xero counts with how
many are here. A run compares the counts of its days and the sums of what it read. A difference that
either found stands until a later proof of the same days finds it gone.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from connected_apps.card import facts
from connected_apps.models import Organisation
from xero_sync import resources
from xero_sync.models import ENDED_RUNS, OPEN_RUNS, Cursor, RunState, RunWhat, SyncRun
from xero_sync.resources import Resource
from xero_sync.runs import comparison, run_titles

_MOST_NAMED = 3
_BEING_READ = "What differs is being read again now, by itself"
_READ_SINCE = "The days that differed were read again since and are complete"
_ALL_BEING_READ = "All contacts are being read again now, by itself"
_TELL_OPERATOR = (
    "Reading all contacts again did not help. Please contact support; documents are checked by "
    "themselves and are not affected."
)
_COUNTED_AGAIN = "It is checked again every day"
_WAIT = "What differs from Xero is being read again by itself; Re-syncs shows how far it is."
_NEW_TYPE = (
    "Xero has a type of document that this version does not know. Support should look "
    "for a newer version."
)
_LOOK = (
    "Some documents differ from Xero. Fix them in Xero where they are wrong there, then re-sync "
    "their days. Everything is checked again every day."
)


def facts_of(organisation: Organisation) -> list[facts.Fact]:
    """Return when Xero's counts were last compared with ours, and what differs since."""
    cursors = {
        cursor.resource: cursor
        for cursor in Cursor.objects.filter(
            organisation=organisation, resource__in=resources.DOCUMENTS
        )
    }
    standing = _standing(organisation, cursors)
    return [
        _counted(organisation, cursors, bool(standing)),
        *_contacts(organisation),
        *_unknown(cursors.values()),
        *(
            facts.Fact(
                "Differs",
                f"{run_titles.title_of(run)}: {run.reason}",
                run.finished_at,
                next_step=_LOOK,
                address=reverse("resync"),
                link="See re-syncs",
            )
            for run in standing[:_MOST_NAMED]
        ),
    ]


def last_counts(
    organisation: Organisation,
) -> tuple[datetime, list[comparison.Comparison]] | None:
    """Return when all kinds were counted last, and what was found; the first sync's where no daily
    count has been yet, None where there is neither.
    """
    counted = [
        (cursor.counted_at, _of_count(cursor))
        for cursor in Cursor.objects.filter(
            organisation=organisation, resource__in=resources.DOCUMENTS
        )
        if cursor.counted_at
    ]
    if counted and len(counted) == len(resources.DOCUMENTS):
        return min(at for at, _ in counted), [compared for _, compared in counted]
    first = SyncRun.objects.filter(
        organisation=organisation, is_first=True, state__in=ENDED_RUNS
    ).first()
    if first is None or first.finished_at is None:
        return None
    return first.finished_at, _kinds_of(first)


def _kinds_of(first: SyncRun) -> list[comparison.Comparison]:
    steps = list(first.steps.all())
    return [
        comparison.of_windows(kind, [step for step in steps if step.resource == kind])
        for kind in resources.DOCUMENTS
    ]


def standing_count(organisation: Organisation) -> int:
    """Return how many runs found a difference that still stands; mostly one query."""
    return len(standing_runs(organisation))


def standing_runs(organisation: Organisation) -> list[SyncRun]:
    """Return the runs that found a difference which still stands, newest first."""
    problems = SyncRun.objects.filter(
        organisation=organisation, what=RunWhat.DOCUMENTS, state=RunState.DONE_WITH_PROBLEMS
    )
    if not problems.exists():
        return []
    found = Cursor.objects.filter(organisation=organisation, resource__in=resources.DOCUMENTS)
    return _standing(organisation, {cursor.resource: cursor for cursor in found})


def _counted(organisation: Organisation, cursors: dict[str, Cursor], stands: bool) -> facts.Fact:
    """Return what the daily count found, or the first sync before all kinds were counted once."""
    counted = [
        (cursor.counted_at, _of_count(cursor)) for cursor in cursors.values() if cursor.counted_at
    ]
    if not counted or len(counted) < len(cursors):
        return _of_first_sync(organisation)
    oldest = min(at for at, _ in counted)
    words = comparison.counts_in_words([compared for _, compared in counted])
    differing = comparison.Difference.COUNT
    found_at = [at for at, compared in counted if differing in compared.differences]
    if not found_at:
        return facts.Fact("Checked against Xero", words, oldest)
    then, step = _what_next(organisation, min(found_at), stands)
    return facts.Fact(
        "Checked against Xero",
        f"{words}. {then}",
        oldest,
        next_step=step,
        address=reverse("resync") if step else "",
        link="See re-syncs",
    )


def _contacts(organisation: Organisation) -> list[facts.Fact]:
    """Return what the daily count of contacts found, once there was one."""
    cursor = Cursor.objects.filter(
        organisation=organisation, resource=Resource.CONTACT, counted_at__isnull=False
    ).first()
    if cursor is None:
        return []
    compared = _of_count(cursor)
    words = comparison.counts_in_words([compared], of="contacts")
    if comparison.Difference.COUNT not in compared.differences:
        return [facts.Fact("Contacts checked against Xero", words, cursor.counted_at)]
    is_being_read = cursor.swept_through is None
    return [
        facts.Fact(
            "Contacts checked against Xero",
            f"{words}. {_ALL_BEING_READ if is_being_read else _COUNTED_AGAIN}",
            cursor.counted_at,
            next_step="" if is_being_read else _TELL_OPERATOR,
        )
    ]


def _unknown(cursors: Iterable[Cursor]) -> list[facts.Fact]:
    """Return what Xero counts that no filter of ours shows."""
    return [
        facts.Fact(
            "Differs",
            f"{cursor.count_unknown:,} of the {cursor.get_resource_display().lower()} in Xero "
            f"{'is' if cursor.count_unknown == 1 else 'are'} neither a sale nor a purchase that is "
            "known here",
            cursor.counted_at,
            next_step=_NEW_TYPE,
        )
        for cursor in cursors
        if cursor.count_unknown
    ]


def _of_count(cursor: Cursor) -> comparison.Comparison:
    """Compare what the daily count found."""
    return comparison.of_figures(
        Resource(cursor.resource),
        in_xero=cursor.count_in_xero,
        stored=cursor.count_stored,
        missing=cursor.count_missing,
    )


def _of_first_sync(organisation: Organisation) -> facts.Fact:
    """Return the proof of the first sync, which is there hours before the first daily count."""
    first = SyncRun.objects.filter(
        organisation=organisation, is_first=True, state__in=ENDED_RUNS
    ).first()
    if first is None:
        return facts.Fact("Checked against Xero", "Not yet")
    kinds = _kinds_of(first)
    return facts.Fact("Checked against Xero", comparison.counts_in_words(kinds), first.finished_at)


def _what_next(organisation: Organisation, after: datetime, stands: bool) -> tuple[str, str]:
    """Return what became of a difference that was found at a moment, and what people can do."""
    if stands:
        return _COUNTED_AGAIN, _LOOK
    # A run that was open already may have answered for it.
    by_itself = Q(requested_by=None, by_command=False, requested_at__gte=after)
    under_way = Q(requested_at__lte=after) & (Q(finished_at=None) | Q(finished_at__gt=after))
    mending = SyncRun.objects.filter(
        by_itself | under_way,
        organisation=organisation,
        what__in=(RunWhat.DOCUMENTS, RunWhat.CHANGED),
    )
    states = set(mending.values_list("state", flat=True))
    if states & set(OPEN_RUNS):
        return _BEING_READ, _WAIT
    # One with problems counts too: those that matter would stand.
    if states and states <= set(ENDED_RUNS):
        return _READ_SINCE, ""
    return _COUNTED_AGAIN, _LOOK


def _standing(organisation: Organisation, cursors: dict[str, Cursor]) -> list[SyncRun]:
    """Return the runs that found a difference which still stands, newest first."""
    ended = SyncRun.objects.filter(
        organisation=organisation, what=RunWhat.DOCUMENTS, state__in=ENDED_RUNS
    )
    later = ended.filter(
        finished_at__gt=OuterRef("finished_at"),
        date_from__lte=OuterRef("date_from"),
        date_to__gte=OuterRef("date_to"),
    )
    found = ended.filter(~Exists(later), state=RunState.DONE_WITH_PROBLEMS)
    return [
        run
        for run in found.prefetch_related("steps").order_by("-finished_at", "-id")
        if any(
            _stands(comparison.of_step(step), run, cursors.get(step.resource))
            for step in run.steps.all()
        )
    ]


def _stands(compared: comparison.Comparison, run: SyncRun, cursor: Cursor | None) -> bool:
    """Return whether a difference stands; what is only quarantined has a state of its own."""
    if comparison.Difference.SUMS in compared.differences:
        return True
    if compared.counts_agree:
        return comparison.Difference.NAMED in compared.differences
    # A later count of the whole is newer; where it differs too, it asked for a new run.
    counted_at = cursor.counted_at if cursor else None
    return counted_at is None or run.finished_at is None or run.finished_at > counted_at
