"""Setting *Sync to Xero* for many learners in one action: some of them, or all that match a search.

Up to `AT_ONCE` are saved while the person waits, more by a batch job. Either way each learner is
saved, audited and told of as one that was edited by hand.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from lrm import permissions
from lrm.batch_jobs import halving, job_queue, kinds
from lrm.models import BatchJob, Learner, Portal, User
from lrm.roster import learner_batches
from lrm.roster.learner_batches import LearnerRow

# More would keep a person waiting for more than a second.
AT_ONCE = 200
KIND = "lrm-set-ticks"
_NOT_SAVED = "It could not be saved because of an error on our side. Try it by hand."


@dataclasses.dataclass(frozen=True)
class Preview:
    """How many learners would be changed, and how many are as wanted already."""

    changing: int
    already: int


@dataclasses.dataclass(frozen=True)
class Result:
    """How many learners were changed, or the job that changes them."""

    changed: int
    job: BatchJob | None = None


def preview(*, learners: QuerySet[Learner], tick: bool) -> Preview:
    """Return what setting the tick of these learners would come to."""
    count = learners.order_by().count()
    changing = learners.order_by().exclude(sync_to_xero=tick).count()
    return Preview(changing=changing, already=count - changing)


def set_ticks(
    *, portal: Portal, learners: QuerySet[Learner], tick: bool, by: User, now: datetime
) -> Result:
    """Set the tick of these learners, those of the portal as they are at this moment."""
    changing = learners.order_by("id").exclude(sync_to_xero=tick)
    learner_ids = list(changing.values_list("id", flat=True))
    if len(learner_ids) > AT_ONCE:
        job = job_queue.request(
            portal=portal,
            kind=KIND,
            by=by,
            total=len(learner_ids),
            params={"tick": tick, "learner_ids": learner_ids},
            now=now,
        )
        return Result(0, job)
    saved = learner_batches.save_learners(
        portal=portal, rows=_rows(learner_ids, tick), by=by, now=now
    )
    return Result(sum(one.is_written for one in saved))


def register() -> None:
    """Let such jobs be asked for."""
    kinds.register(
        kinds.JobKind(
            name=KIND,
            right=permissions.may_see_learners,
            explanation="Learners are for people who work with learners.",
            handle=_handle,
            title=lambda job: (
                f"Turning Sync to Xero {_on_or_off(job.params['tick'])} for {job.total:,} learners"
            ),
            outcome=_outcome,
            back_to=("learners", "Learners"),
            ended=_forget_ids,
        )
    )


def sentence(*, tick: bool, changed: int) -> str:
    """Return what was done, as a sentence."""
    whom = "1 learner" if changed == 1 else f"{changed:,} learners"
    return f"Sync to Xero was turned {_on_or_off(tick)} for {whom}."


def _outcome(job: BatchJob) -> str:
    words = sentence(tick=job.params["tick"], changed=job.changed)
    return f"{words} {job.failed:,} could not be changed." if job.failed else words


def _on_or_off(tick: bool) -> str:
    return "on" if tick else "off"


def _rows(learner_ids: Sequence[int], tick: bool) -> list[LearnerRow]:
    return [LearnerRow(learner_id=each, values={"sync_to_xero": tick}) for each in learner_ids]


def _handle(job: BatchJob, now: datetime) -> kinds.Progress:
    """Set the tick of the next few hundred learners."""
    start = job.cursor.get("at", 0)
    learner_ids = job.params["learner_ids"][start : start + learner_batches.BATCH]
    results, failed = halving.act(
        _rows(learner_ids, job.params["tick"]),
        lambda rows: learner_batches.save_learners(
            portal=job.portal, rows=rows, by=job.by, now=now
        ),
    )
    saved = [one for some in results for one in some]
    failures = [
        kinds.Failure(name="A learner that was deleted", reason=one.refusal.value)
        for one in saved
        if one.refusal
    ]
    names = _names(job.portal, [row.learner_id for row, _ in failed if row.learner_id])
    failures += [
        kinds.Failure(name=names.get(row.learner_id or 0, ""), reason=_NOT_SAVED)
        for row, _ in failed
    ]
    at = start + len(learner_ids)
    return kinds.Progress(
        cursor={"at": at},
        done=len(learner_ids),
        changed=sum(one.is_written for one in saved),
        failures=failures,
        is_over=at >= len(job.params["learner_ids"]),
    )


def _names(portal: Portal, learner_ids: Sequence[int]) -> dict[int, str]:
    return {each.pk: str(each) for each in portal.learners.filter(id__in=learner_ids)}


def _forget_ids(job: BatchJob) -> None:
    """Keep what was asked for, without the long list of whom."""
    job.params = {"tick": job.params["tick"]}
    job.save(update_fields=["params"])
