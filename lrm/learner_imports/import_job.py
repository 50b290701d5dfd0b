"""Learners made of a confirmed file, by a batch job: some hundreds of rows at a time.

Which learner has a row's number is looked up anew with each batch, since somebody may have added
or deleted one meanwhile. The rows are deleted when the job ends, however it does.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from lrm import permissions
from lrm.batch_jobs import halving, job_queue, kinds
from lrm.learner_imports import import_rows, uploads
from lrm.models import BatchJob, ImportedRow, LearnerImport, RowOutcome, User
from lrm.roster import learner_batches, learners
from lrm.roster.learner_batches import LearnerRow

KIND = "lrm-import-learners"
_NOT_SAVED = "It could not be saved because of an error on our side. Add this learner by hand."
_TO_SAVE = (RowOutcome.NEW, RowOutcome.CHANGED)

Pair = tuple[ImportedRow, LearnerRow]


def start(*, upload: LearnerImport, by: User, now: datetime) -> BatchJob:
    """Confirm a file, and have its rows made learners; return the job, also of an earlier click."""
    with transaction.atomic():
        upload = LearnerImport.objects.select_for_update(of=("self",)).get(pk=upload.pk)
        if upload.job is None:
            upload.job = job_queue.request(
                portal=upload.portal,
                kind=KIND,
                by=by,
                total=uploads.count_of(upload, *RowOutcome),
                now=now,
            )
            upload.save(update_fields=["job"])
    return upload.job


def register() -> None:
    """Let such jobs be asked for."""
    kinds.register(
        kinds.JobKind(
            name=KIND,
            right=permissions.may_see_learners,
            explanation="Learners are for people who work with learners.",
            handle=_handle,
            title=lambda job: f"Importing learners from {job.total:,} row{_s(job.total)}",
            outcome=_outcome,
            back_to=("learners", "Learners"),
            ended=_delete_rows,
        )
    )


def _outcome(job: BatchJob) -> str:
    new = job.cursor.get("new", 0)
    changed = job.changed - new
    same = job.done - job.failed - job.changed
    words = f"{new:,} learner{_s(new)} added, {changed:,} changed"
    if same:
        words += f", {same:,} were so already"
    return f"{words}. {job.failed:,} could not be imported." if job.failed else f"{words}."


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _handle(job: BatchJob, now: datetime) -> kinds.Progress:
    """Import the next few hundred rows."""
    upload = job.learner_import
    after = job.cursor.get("after", 0)
    rows = list(upload.rows.filter(row__gt=after)[: learner_batches.BATCH])
    reasons = {row.row: _why_not(row) for row in rows if row.outcome == RowOutcome.WRONG}
    pairs = _pairs(job, [row for row in rows if row.outcome in _TO_SAVE])
    for row, new in pairs:
        # Whoever had the number when the file was read may be gone by now.
        if new.learner_id is None and (lacking := import_rows.missing(row.values)):
            reasons[row.row] = lacking
    results, failed = halving.act(
        [pair for pair in pairs if pair[0].row not in reasons],
        lambda some: _save(job, some, now),
    )
    saved = [each for some in results for each in some]
    reasons |= {row.row: one.refusal.value for row, one in saved if one.refusal}
    reasons |= {row.row: _NOT_SAVED for (row, _), _ in failed}
    written = [one for _, one in saved if one.is_written]
    new_before = job.cursor.get("new", 0)
    return kinds.Progress(
        cursor={
            "after": rows[-1].row if rows else after,
            "new": new_before + sum(one.created for one in written),
        },
        done=len(rows),
        changed=len(written),
        failures=[_failure(upload, row, reasons[row.row]) for row in rows if row.row in reasons],
        is_over=len(rows) < learner_batches.BATCH,
    )


def _pairs(job: BatchJob, rows: Sequence[ImportedRow]) -> list[Pair]:
    """Return each row with what to write, for the learner who has its number at this moment."""
    there = uploads.by_number(job.portal, [row.values["number"] for row in rows])
    tick = {"sync_to_xero": learners.default_tick(job.portal)}
    pairs = []
    for row in rows:
        learner = there.get(row.values["number"])
        values = row.values if learner else {**tick, **row.values}
        pairs.append((row, LearnerRow(values=values, learner_id=learner.pk if learner else None)))
    return pairs


def _save(
    job: BatchJob, pairs: Sequence[Pair], now: datetime
) -> list[tuple[ImportedRow, learner_batches.Saved]]:
    saved = learner_batches.save_learners(
        portal=job.portal, rows=[row for _, row in pairs], by=job.by, now=now
    )
    return list(zip([row for row, _ in pairs], saved, strict=True))


def _why_not(row: ImportedRow) -> str:
    """Return what is wrong with a row as one line, each with the field it concerns."""
    return " ".join(
        f"{label}: {sentence}" if label else sentence
        for label, sentence in uploads.problems_of(row)
    )


def _failure(upload: LearnerImport, row: ImportedRow, reason: str) -> kinds.Failure:
    headings = uploads.headings_by_field(upload)
    given = [row.values.get(name) for name in ("number", "given_name", "family_name")]
    return kinds.Failure(
        row=row.row,
        name=" ".join(str(text) for text in given if text),
        reason=reason,
        values={
            heading: _as_cell(row.values[name])
            for name, heading in headings.items()
            if name in row.values
        },
    )


def _as_cell(value: str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _delete_rows(job: BatchJob) -> None:
    upload = LearnerImport.objects.filter(job=job).first()
    if upload is not None:
        uploads.delete(upload)
