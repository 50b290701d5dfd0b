"""The kinds of batch jobs: what each does with a batch, and in which words it is told.

Any app registers its own in `AppConfig.ready`; the same name again replaces the earlier one.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from lrm import permissions
from lrm.models import BatchJob


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One row that could not be dealt with, and why, in a sentence for whoever asked.

    `row` counts as the kind does, `name` says who or what it is. `values` are what was given, by
    column, where it can be corrected and given again.
    """

    name: str
    reason: str
    row: int | None = None
    values: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """What a batch came to.

    `cursor` is what the next batch finds in `job.cursor`. `done` counts the rows that were dealt
    with, those that failed among them; `changed` those in which something was written.
    """

    cursor: Any
    done: int
    changed: int = 0
    failures: Sequence[Failure] = ()
    is_over: bool = False


Handler = Callable[[BatchJob, datetime], Progress]
Words = Callable[[BatchJob], str]


def _nothing(job: BatchJob) -> None:
    return


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobKind:
    """A kind of job.

    `handle(job, now)` works on the next bounded batch inside the transaction that holds the job's
    row, and must leave everything else of the job alone. `title` is a phrase for a heading,
    "Setting the tick of 10,000 learners"; `outcome` a whole sentence for the end, also of a job
    that was stopped. `right` is what a person needs to see the job and to stop it, and
    `explanation` says so to who has it not. `back_to` names the page the job was asked for on, by
    its address's name and its label. `ended` runs in the transaction in which the job ends,
    however it does.
    """

    name: str
    right: permissions.Right
    explanation: str
    handle: Handler
    title: Words
    outcome: Words
    back_to: tuple[str, str]
    ended: Callable[[BatchJob], None] = _nothing


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Let jobs of this kind be asked for and worked on."""
    _kinds[kind.name] = kind


def find(name: str) -> JobKind | None:
    """Return the kind, or None where this release does not know it."""
    return _kinds.get(name)


def of(job: BatchJob) -> JobKind:
    """Return the kind of a job.

    :raises LookupError: this release does not know it.
    """
    kind = find(job.kind)
    if kind is None:
        raise LookupError(f"Nobody registered the kind {job.kind}.")
    return kind
