"""Proving that a run is complete: each step is counted, healed where it differs, and recorded.

First a closing sweep stores what was modified in Xero while the run read. Then three things are
compared for each window: Xero's count with what is stored here or quarantined, the sums of what was
read with the sums of what is stored, and the documents that are stored with those that were read.

A window that differs is sent back to be read once more; no other window is. Where it differs after
that too, documents that are stored here but were not listed are fetched by their ids, as their
dates may have moved out of the window. What still differs is named by number and recorded.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from invoices.models import Document
from xero_sync.api import client, errors, list_queries
from xero_sync.jobs import leases, own_failures
from xero_sync.models import QuarantinedDocument, SyncRun, SyncStep
from xero_sync.pull import date_windows, pager
from xero_sync.resources import Resource
from xero_sync.runs import catch_up, comparison, run_log, step_checkpoint, unlisted
from xero_sync.store import currency_totals, differing
from xero_sync.store.differing import Differing

# At most so many unlisted documents are fetched by id: where there are more, something else is
# wrong.
_MOST_FETCHED = 400
_MOST_FAILURES = 16
_NOT_ALL = "Xero does not list all that changed meanwhile"
_NOT_LISTED = (
    "Xero does not list all that changed while these were read; what did arrives by itself "
    "within minutes"
)


def verify(puller: pager.Puller, run: SyncRun, clock: leases.Clock) -> bool:
    """Verify every step that was read; return False where some are to be read again.

    Of a run that is cut by age, see `newest_first`, either part is verified by itself.

    :raises errors.XeroError: Xero could not be asked; the run comes back to it.
    """
    unverified = list(run.steps.filter(our_count=None).exclude(done_at=None))
    is_caught_up: dict[str, bool] = {}
    for resource in dict.fromkeys(step.resource for step in unverified):
        steps = [step for step in unverified if step.resource == resource]
        is_caught_up[resource] = catch_up.pull(puller=puller, run=run, steps=steps, clock=clock)
    is_complete = True
    for step in unverified:
        figures = _count(puller, step, clock, is_caught_up=is_caught_up[step.resource])
        if figures.problem and step.again_since is None:
            _send_back(step, figures.problem, clock())
            is_complete = False
        else:
            _record(step, _heal(puller, step, figures, clock), clock())
    if is_complete:
        run.catch_ups.all().delete()
    return is_complete


@dataclass(frozen=True)
class _Figures:
    """What was counted of a step.

    :param unlisted_ids: documents that are stored here, but that Xero did not list.
    :param named: sentences that name documents which differ.
    :param is_caught_up: whether all that was modified meanwhile could be pulled.
    """

    compared: comparison.Comparison
    unlisted_ids: list[UUID]
    named: list[str]
    differing: list[Differing]
    is_caught_up: bool

    @property
    def problem(self) -> str:
        """What is not as it should be, to be followed by what is done about it."""
        if not self.is_caught_up:
            return _NOT_ALL
        if comparison.Difference.COUNT in self.compared.differences:
            return "the counts differ"
        if self.named:
            return "the sums differ"
        return "not all documents were listed" if self.unlisted_ids else ""


def _count(
    puller: pager.Puller, step: SyncStep, clock: leases.Clock, *, is_caught_up: bool
) -> _Figures:
    """Compare Xero's count with what is accounted for here, and look for what was not listed."""
    compared = _compare(step, step.item_count)
    if not compared.counts_agree:
        # The figure of the last page is as old as that page: ask for today's.
        compared = _compare(step, _count_in_xero(puller, step))
    if is_caught_up and comparison.Difference.COUNT in compared.differences:
        # Something may have been raised since the closing sweep.
        is_caught_up = catch_up.pull(puller=puller, run=step.run, steps=[step], clock=clock)
        compared = _compare(step, compared.in_xero)
    unlisted_ids = unlisted.ids_of(step, most=_MOST_FETCHED)
    kept = differing.from_json(step.differing)
    return _Figures(compared, unlisted_ids, step.differences, kept, is_caught_up)


def _send_back(step: SyncStep, problem: str, now: datetime) -> None:
    """Let a step be read once more; its figures are those of that reading from now on.

    But what is new or changed stays so, and is added to.
    """
    label = step.get_resource_display()
    run_log.write(step.run, f"{label}: {problem}, reading them once more", now=now)
    _save(step, now, **step_checkpoint.from_the_start(), again_since=now)


def _heal(puller: pager.Puller, step: SyncStep, figures: _Figures, clock: leases.Clock) -> _Figures:
    """Fetch by their ids what was not listed, and name what differs all the same."""
    compared, unlisted_ids, named = figures.compared, figures.unlisted_ids, figures.named
    found: list[Differing] = []
    if not figures.is_caught_up:
        named = [f"{step.get_resource_display()}: {_NOT_LISTED}", *named]
    if unlisted_ids or comparison.Difference.COUNT in compared.differences:
        not_given = _not_given(step, _fetch(puller, step, unlisted_ids, clock))
        step.missing_count -= len(not_given)
        compared = _compare(step, _count_in_xero(puller, step))
        left = unlisted.ids_of(step, most=differing.MOST_KEPT)
        unlisted_ids = [one for one in left if one not in not_given]
        found = [*map(_as_it_was, not_given.values())]
        named = [*(one.sentence for one in found), *named]
        if unlisted_ids or not compared.counts_agree:
            others = _differing(step, unlisted_ids)
            named = [*(one.sentence for one in others[: currency_totals.MOST_NAMED]), *named]
            found += others
    return replace(
        figures,
        compared=compared,
        unlisted_ids=unlisted_ids,
        named=named,
        differing=[*found, *figures.differing],
    )


def _record(step: SyncStep, figures: _Figures, now: datetime) -> None:
    """Keep the figures that were compared; the step is verified with them."""
    unchanged = step.unchanged_count
    if step.again_since is not None:
        # What either of two readings brought is new or changed.
        brought = step.new_count + step.changed_count
        unchanged = max(0, step.read_count - step.quarantined_count - brought)
    _save(
        step,
        now,
        xero_count=figures.compared.in_xero,
        our_count=figures.compared.stored,
        missing_count=step.missing_count,
        differences=figures.named[: currency_totals.MOST_NAMED],
        differing=differing.as_json(figures.differing[: differing.MOST_KEPT]),
        unchanged_count=unchanged,
    )


def _compare(step: SyncStep, in_xero: int | None) -> comparison.Comparison:
    """Compare Xero's count with what is stored now; `_record` makes both figures last."""
    window = date_windows.of_step(step)
    listed = None if in_xero is None else in_xero - step.missing_count
    step.xero_count = in_xero
    step.our_count = window.stored_count(step.run.organisation_id, listed=listed)
    return comparison.of_step(step)


def _count_in_xero(puller: pager.Puller, step: SyncStep) -> int | None:
    window = date_windows.of_step(step)
    try:
        return list_queries.count(puller.session, window.listing)
    except errors.Rejected:
        if not window.is_undated:
            raise
        # Xero takes no question for what has no date, so nothing is known but what is here.
        return window.stored(step.run.organisation_id).count()


def _save(step: SyncStep, now: datetime, **changes: Any) -> None:
    """Write what became of a step, and drop the ids that were kept for its verification."""
    with transaction.atomic():
        step_checkpoint.renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(**changes)
        step.pages.all().delete()


def _not_given(step: SyncStep, failed: Sequence[UUID]) -> dict[UUID, Document]:
    """Return which stored documents are those of the list that Xero could not give.

    What stands in their place was counted as missing, though an older version of each is stored.
    """
    stored = date_windows.of_step(step).stored(step.run.organisation_id)
    rows = stored.filter(xero_id__in=failed).order_by("pk")[: step.missing_count]
    return {one.xero_id: one for one in rows}


def _as_it_was(document: Document) -> Differing:
    label = f"{document.get_kind_display()} {document.number or document.xero_id}"
    words = f"{label} is here as it was before: Xero answers with an error when asked for it"
    return Differing(how=differing.SAID, kind="", number=words)


def _fetch(
    puller: pager.Puller, step: SyncStep, ids: Sequence[UUID], clock: leases.Clock
) -> list[UUID]:
    """Fetch documents by their ids, and return those that Xero cannot give: they differ then.

    Whether it answers at all shows when it is asked for today's count afterwards.
    """
    resource = Resource(step.resource)

    def read(batch: Sequence[UUID]) -> None:
        with contextlib.suppress(errors.NotFound):
            found = puller.session.by_ids(resource, batch)
            step_checkpoint.store_without_checkpoint(
                puller.session, step.run, resource, found, clock(), confirm=True
            )

    return own_failures.read_by_halves(
        client.batches(resource, ids),
        read,
        most_failures=_MOST_FAILURES,
        after_failure=lambda: leases.renew(step.run, now=clock()),
    )


def _differing(step: SyncStep, unlisted_ids: Sequence[UUID]) -> list[Differing]:
    """Return what still differs by number, so that a person can look it up in Xero."""
    stored = date_windows.of_step(step).stored(step.run.organisation_id)
    here = stored.filter(xero_id__in=unlisted_ids)
    quarantined = QuarantinedDocument.objects.filter(
        organisation_id=step.run.organisation_id,
        resource=step.resource,
        last_tried_at__gte=step.again_since,
    )
    by_date = step.run.changed_from is None
    how = differing.NOT_LISTED if by_date else differing.NOT_AMONG_CHANGED
    return [
        *(
            Differing(
                how=how,
                kind=one.kind,
                number=one.number or str(one.xero_id),
                xero_id=str(one.xero_id),
                currency=one.currency,
                here=str(one.total),
            )
            for one in here.only("kind", "number", "xero_id", "currency", "total").order_by("pk")
        ),
        *(
            Differing(
                how=differing.NOT_SAVED,
                kind="",
                number=one.number or one.identity,
                reason=one.reason,
            )
            for one in quarantined.defer("raw")[: differing.MOST_KEPT]
        ),
    ]
