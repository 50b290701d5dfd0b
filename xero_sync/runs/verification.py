"""Proving that a run is complete: a closing sweep, counts and sums held against ours, healing.

What moved in Xero while the run walked is pulled by modified-since. Then the number of sales
documents that Xero counts in each window is held against what is stored here or set aside, the
sums of what was read against those of what is stored, and what is stored against what was read.
Where they differ that window, and no other, is sent back to be read once more. What is stored here
but was not listed then either is fetched by its id (its date may have moved out of the window),
and what still differs is named by number.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from invoices.models import Document
from xero_sync.api import client, errors, list_queries, sessions
from xero_sync.jobs import leases
from xero_sync.models import QuarantinedDocument, SyncRun, SyncStep
from xero_sync.pull import date_windows, pager
from xero_sync.resources import Resource
from xero_sync.runs import catch_up, run_log, step_reader, unlisted
from xero_sync.store import currency_totals

# Of what was not seen so many are asked for by id: where there are more, something else is wrong.
_MOST_FETCHED = 400
_NOT_ALL = "Xero does not list all that changed meanwhile"
_NOT_LISTED = (
    "Xero does not list all that changed while these were read; what did will come by webhook and "
    "by sweep"
)


def verify(puller: pager.Puller, run: SyncRun, clock: leases.Clock) -> bool:
    """Verify every step that is not verified yet; return False where some are to be read again.

    :raises errors.XeroError: Xero could not be asked; the run comes back to it.
    """
    todo = list(run.steps.filter(our_count=None))
    refused: set[str] = set()
    for resource in dict.fromkeys(step.resource for step in todo):
        steps = [step for step in todo if step.resource == resource]
        if not _is_closed(puller, run, steps, clock):
            refused.add(resource)
    sent_back = []
    for step in todo:
        is_refused = step.resource in refused
        if not _verify_step(puller, run, step, clock, is_refused=is_refused):
            sent_back.append(step)
    return not sent_back


def _is_closed(
    puller: pager.Puller, run: SyncRun, steps: list[SyncStep], clock: leases.Clock
) -> bool:
    """Pull what was modified meanwhile; return False where it is more than Xero lists."""
    try:
        catch_up.pull(puller, run, steps, clock)
    except errors.Rejected:
        return False
    return True


def _verify_step(
    puller: pager.Puller,
    run: SyncRun,
    step: SyncStep,
    clock: leases.Clock,
    *,
    is_refused: bool,
) -> bool:
    xero_count = step.item_count
    if xero_count != _accounted_for(run, step):
        # The figure of the last page is as old as that page: ask for today's.
        xero_count = _count_in_xero(puller.session, step)
    if xero_count not in (None, _accounted_for(run, step)) and not is_refused:
        # Something may have been raised since what was modified was pulled.
        is_refused = not _is_closed(puller, run, [step], clock)
    if is_refused and step.again_since is not None:
        told = f"{step.get_resource_display()}: {_NOT_LISTED}"
        step.differences = [told, *step.differences][: currency_totals.MOST_NAMED]
    unread = unlisted.ids_of(step, most=_MOST_FETCHED)
    what = _NOT_ALL if is_refused else _what_differs(run, step, xero_count, unread)
    if what and step.again_since is None:
        _send_back(run, step, what, clock())
        return False
    if unread or xero_count not in (None, _accounted_for(run, step)):
        _fetch(puller, run, Resource(step.resource), unread, clock)
        xero_count = _count_in_xero(puller.session, step)
        unread = unlisted.ids_of(step, most=currency_totals.MOST_NAMED)
        if unread or xero_count != _accounted_for(run, step):
            named = [*_in_words(run, step, unread), *step.differences]
            step.differences = named[: currency_totals.MOST_NAMED]
    with transaction.atomic():
        _save(
            run,
            step,
            clock(),
            xero_count=xero_count,
            our_count=_stored(run, step).count(),
            differences=step.differences,
            unchanged_count=_unchanged(step),
        )
        unlisted.drop_pages(step)
    return True


def _what_differs(
    run: SyncRun, step: SyncStep, xero_count: int | None, unread: Sequence[UUID]
) -> str:
    """Say what is not as it should be, to be followed by what is done about it."""
    if xero_count not in (None, _accounted_for(run, step)):
        return "the counts differ"
    if step.differences:
        return "the sums differ"
    return "not all documents were listed" if unread else ""


def _unchanged(step: SyncStep) -> int:
    """Return how many were unchanged; what one of two readings brought is new or changed."""
    if step.again_since is None:
        return step.unchanged_count
    brought = step.new_count + step.changed_count
    return max(0, step.read_count - step.quarantined_count - brought)


def _send_back(run: SyncRun, step: SyncStep, what: str, now: datetime) -> None:
    """Let a step be read once more; its figures are those of that reading from now on.

    But what is new or changed stays so, and is added to.
    """
    label = step.get_resource_display()
    run_log.write(run, f"{label}: {what}, reading them once more", now=now)
    with transaction.atomic():
        _save(
            run,
            step,
            now,
            **step_reader.from_the_start(),
            closing_since=None,
            closing_page=1,
            closing_started_at=None,
            again_since=now,
        )
        unlisted.drop_pages(step)


def _save(run: SyncRun, step: SyncStep, now: datetime, **changes: Any) -> None:
    with transaction.atomic():
        step_reader.hold(run, now)
        SyncStep.objects.filter(pk=step.pk).update(**changes)


def _count_in_xero(session: sessions.Session, step: SyncStep) -> int | None:
    page = list_queries.fetch(session, date_windows.of_step(step).listing, page=1, page_size=1)
    return page.item_count


def _accounted_for(run: SyncRun, step: SyncStep) -> int:
    """Return how many documents of the window are stored here or stand set aside."""
    return _stored(run, step).count() + step.missing_count


def _stored(run: SyncRun, step: SyncStep) -> QuerySet[Document]:
    return date_windows.of_step(step).stored(run.organisation_id)


def _fetch(
    puller: pager.Puller,
    run: SyncRun,
    resource: Resource,
    ids: Sequence[UUID],
    clock: leases.Clock,
) -> None:
    for batch in client.batches(resource, ids):
        try:
            found = puller.session.by_ids(resource, batch)
        except errors.NotFound:
            continue
        step_reader.store_without_checkpoint(
            puller.session, run, resource, found, clock(), confirm=True
        )


def _in_words(run: SyncRun, step: SyncStep, unread: Sequence[UUID]) -> list[str]:
    """Name what still differs, so that a person can look it up in Xero."""
    here = _stored(run, step).filter(xero_id__in=unread).only("kind", "number", "xero_id")
    aside = QuarantinedDocument.objects.filter(
        organisation_id=run.organisation_id,
        resource=step.resource,
        last_tried_at__gte=step.again_since,
    )
    return [
        *(
            f"{document} is stored here, but Xero does not list it between these dates"
            for document in here.order_by("pk")
        ),
        *(
            f"{one.number or one.identity} is in Xero, but could not be stored"
            for one in aside.defer("raw")[: currency_totals.MOST_NAMED]
        ),
    ]
