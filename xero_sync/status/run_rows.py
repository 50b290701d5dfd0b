"""What the re-sync page shows of each run: progress where it is open, one line where it ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from connected_apps.models import Organisation
from invoices import xero_links
from invoices.models import Document
from lrm import permissions
from lrm.models import User
from xero_sync.models import RunState, RunWhat, SyncRun, SyncStep
from xero_sync.pull import date_windows
from xero_sync.runs import resumption, run_notices, run_progress, run_status, run_titles
from xero_sync.status import learner_run_words, run_words
from xero_sync.store import differing
from xero_sync.store.differing import Differing

# A page shows so many documents that differ; the file has all that are kept.
MOST_SHOWN = 10


@dataclass(frozen=True)
class ShownDifference:
    """A document that differs, with where it opens here and in Xero.

    :param address: empty where it is not here, or not for this reader.
    """

    document: Differing
    address: str
    in_xero: str


def of_runs(
    runs: list[SyncRun], *, organisation: Organisation | None, reader: User, now: datetime
) -> list[dict[str, Any]]:
    """Return a row for each run.

    :param reader: for whom; only some may know learners by name and open their documents.
    """
    differ = differences_of(runs)
    may_open = permissions.may_see_learners(reader)
    shown = {
        pk: _shown(found[:MOST_SHOWN], organisation, may_open=may_open)
        for pk, found in differ.items()
    }
    return [
        _row(run, differ.get(run.pk, []), shown.get(run.pk, []), reader=reader, now=now)
        for run in runs
    ]


def differences_of(runs: list[SyncRun]) -> dict[int, list[Differing]]:
    """Return by run the documents that differ, where it ended with problems."""
    wanted = [run.pk for run in runs if run.state == RunState.DONE_WITH_PROBLEMS]
    if not wanted:
        return {}
    steps = SyncStep.objects.filter(run__in=wanted).order_by("pk")
    found: dict[int, list[Differing]] = {}
    for run_id, kept in steps.values_list("run_id", "differing"):
        found.setdefault(run_id, []).extend(differing.from_json(kept))
    return found


def _shown(
    found: list[Differing], organisation: Organisation | None, *, may_open: bool
) -> list[ShownDifference]:
    ids = [one.xero_id for one in found if one.xero_id]
    here: dict[str, int] = {}
    if ids and may_open and organisation is not None:
        stored = Document.objects.filter(organisation=organisation, xero_id__in=ids)
        here = {str(xero_id): pk for xero_id, pk in stored.values_list("xero_id", "pk")}
    return [
        ShownDifference(
            one,
            reverse("document_detail", args=[here[one.xero_id]]) if one.xero_id in here else "",
            xero_links.of_document(organisation, kind=one.kind, xero_id=one.xero_id),
        )
        for one in found
    ]


def _row(
    run: SyncRun,
    found: list[Differing],
    shown: list[ShownDifference],
    *,
    reader: User,
    now: datetime,
) -> dict[str, Any]:
    progress = run_progress.progress_of(run, now=now)
    look, result = _result(run, progress, len(found))
    return {
        "run": run,
        "is_open": run.is_open,
        "is_told_of_end": run.is_open and run_notices.is_told(run, reader),
        "lines": list(run.lines.all()),
        "title": run_titles.title_of(run),
        "short_title": run_titles.short_title_of(run),
        "origin": run_titles.origin_of(run),
        "who": run_titles.who_of(run),
        "progress": progress,
        "left": run_titles.duration(progress.left) if progress.left else "",
        "ended_sentence": run_words.ended_run(progress, unmatched=run.unmatched_count),
        "details_sentence": run_words.details_of_run(progress),
        "reason_sentence": run_words.reason_of_run(run, now=now),
        **learner_run_words.of_run(run, may_name=permissions.may_see_learners(reader)),
        "kinds": [_kind(kind) for kind in progress.kinds],
        "has_stalled": run_status.has_stalled(run, now=now),
        "may_resume": resumption.is_offered(run),
        "is_held_up": run.is_open and not run_status.can_go_on(run),
        "look": look,
        "result": result,
        "differing": shown,
        "further": max(0, len(found) - len(shown)),
        "report": _report(run),
        "unmatched": run.unmatched_count or 0,
    }


def _result(run: SyncRun, progress: run_progress.Progress, differ: int) -> tuple[str, str]:
    """Return the look and the word of a run's end."""
    if run.state == RunState.CANCELLED:
        return "idle", "Cancelled"
    if run.state == RunState.DONE:
        return "ok", "Complete"
    if run.what == RunWhat.LEARNERS:
        return "warn", "Needs a look"
    if differ:
        return "warn", f"{differ:,} differ{'s' if differ == 1 else ''}"
    if progress.quarantined and not any(kind.differences for kind in progress.kinds):
        return "warn", f"{progress.quarantined:,} could not be saved"
    return "warn", "Not complete"


def _kind(kind: run_progress.KindProgress) -> dict[str, Any]:
    sums = [run_words.sum_of_currency(*each) for each in kind.totals.items()]
    return {"progress": kind, "sums": sums, "percent": _percent(kind)}


def _percent(kind: run_progress.KindProgress) -> int:
    if kind.total is None:
        return 0
    return 100 if not kind.total else min(100, kind.read * 100 // kind.total)


def _report(run: SyncRun) -> str:
    """Return the address of report #0442 for the days of a run; empty where it read none."""
    if run.is_open or run.what != RunWhat.DOCUMENTS or run.state == RunState.CANCELLED:
        return ""
    days = {}
    if run.date_from != date_windows.EARLIEST:
        days["date_from"] = run.date_from.isoformat()
    if run.date_to != date_windows.LATEST:
        days["date_to"] = run.date_to.isoformat()
    # Without dates the report would choose this financial year.
    return f"{reverse('report_0442')}?{urlencode(days or {'date_from': '', 'date_to': ''})}"
