"""Proving that a run is complete: a closing sweep, counts and sums held against ours, healing.

What moved in Xero while the run walked is pulled by modified-since. Then the number of sales
documents that Xero counts in each window is held against what is stored here or set aside, and
the sums of what was read against those of what is stored. Where they differ only that window is
read again, this time noting which documents Xero lists: what is stored here but not listed is
fetched by its id (its date may have moved out of the window), and what still differs is named by
number.
"""

import contextlib
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from invoices.models import Document
from xero_sync import (
    calls,
    claims,
    client,
    errors,
    listings,
    mapping,
    pulling,
    run_log,
    run_walk,
    sums,
)
from xero_sync.models import Resource, SetAside, SyncRun, SyncStep

OVERLAP = timedelta(minutes=5)


def verify(puller: pulling.Puller, run: SyncRun, clock: claims.Clock) -> None:
    """Verify every step that is not verified yet.

    :raises errors.XeroError: Xero could not be asked; the run comes back to it.
    """
    todo = list(run.steps.filter(our_count=None))
    for resource in dict.fromkeys(step.resource for step in todo):
        steps = [step for step in todo if step.resource == resource]
        _pull_modified(puller, run, steps, clock)
    for step in todo:
        _verify_step(puller, run, step, clock)


def _pull_modified(
    puller: pulling.Puller, run: SyncRun, steps: list[SyncStep], clock: claims.Clock
) -> None:
    resource = Resource(steps[0].resource)
    since = min((step.walked_since or run.requested_at) for step in steps) - OVERLAP
    listing = listings.Listing(resource=resource, modified_since=since)
    for _, page in puller.walk(listing):
        run_walk.store_loose(puller.session, run, resource, page, clock())


def _verify_step(puller: pulling.Puller, run: SyncRun, step: SyncStep, clock: claims.Clock) -> None:
    step.xero_count = step.item_count
    if step.xero_count != _accounted_for(run, step):
        # The figure of the last page is as old as that page: ask for today's.
        step.xero_count = _count_in_xero(puller.session, step)
    counts_differ = step.xero_count not in (None, _accounted_for(run, step))
    if counts_differ or not _sums_agree(step):
        what = "counts" if counts_differ else "sums"
        label = step.get_resource_display()
        run_log.say(run, f"{label}: the {what} differ, reading them once more", now=clock())
        listed, differing = _read_again(puller, run, step, clock)
        step.xero_count = _count_in_xero(puller.session, step)
        step.differences = [*_differences(run, step, listed), *differing][: sums.MOST_NAMED]
    step.our_count = _accounted_for(run, step) - step.set_aside_count
    step.save()


def _sums_agree(step: SyncStep) -> bool:
    return all(Decimal(read) == Decimal(stored) for read, stored in step.totals.values())


def _count_in_xero(session: calls.Session, step: SyncStep) -> int | None:
    page = listings.fetch(session, run_walk.listing_of(step), page=1, page_size=1)
    return page.item_count


def _accounted_for(run: SyncRun, step: SyncStep) -> int:
    """Return how many documents of the window are stored here or stand set aside."""
    return _stored(run, step).count() + step.set_aside_count


def _stored(run: SyncRun, step: SyncStep) -> QuerySet[Document]:
    return Document.objects.filter(
        organisation_id=run.organisation_id,
        kind=mapping.KINDS[Resource(step.resource)],
        date__range=(step.date_from, step.date_to),
    )


def _read_again(
    puller: pulling.Puller, run: SyncRun, step: SyncStep, clock: claims.Clock
) -> tuple[set[UUID], list[str]]:
    """Read the window once more, which is what the step tells of from now on.

    Returns the ids that Xero lists in it, and the documents whose sums differ even now, in words.
    """
    resource = Resource(step.resource)
    listed: set[UUID] = set()
    differing: list[str] = []
    again = SyncStep(resource=resource)  # Holds the figures of this reading and is never saved.
    for _, page in puller.walk(run_walk.listing_of(step)):
        written = run_walk.store_loose(puller.session, run, resource, page, clock())
        for name, value in run_walk.figures_with(again, page, written).items():
            setattr(again, name, value)
        listed.update(_ids(resource, page.elements))
        differing += written.differences
    _tell_of(again, step)
    astray = [one.xero_id for one in _stored(run, step).exclude(xero_id__in=listed)]
    for batch in client.batches(resource, astray):
        try:
            found = puller.session.by_ids(resource, batch)
        except errors.NotFound:
            continue
        run_walk.store_loose(puller.session, run, resource, found, clock())
    return listed, differing


def _tell_of(again: SyncStep, step: SyncStep) -> None:
    """Let a step tell of its second reading; what either of them brought is new or changed."""
    kept = again.new_count + again.changed_count + again.unchanged_count
    step.item_count, step.read_count = again.item_count, again.read_count
    step.set_aside_count, step.totals = again.set_aside_count, again.totals
    step.new_count += again.new_count
    step.changed_count += again.changed_count
    step.unchanged_count = max(0, kept - step.new_count - step.changed_count)


def _ids(resource: Resource, elements: list[mapping.Element]) -> set[UUID]:
    found = set()
    for element in elements:
        with contextlib.suppress(ValueError):
            found.add(UUID(mapping.describe(resource, element)[0]))
    return found


def _differences(run: SyncRun, step: SyncStep, listed: set[UUID]) -> list[str]:
    """Name what still differs, so that a person can look it up in Xero."""
    stored = {one.xero_id: one for one in _stored(run, step)}
    sentences = [
        f"{document} is stored here, but Xero does not list it between these dates"
        for xero_id, document in stored.items()
        if xero_id not in listed
    ]
    aside = SetAside.objects.filter(organisation_id=run.organisation_id, resource=step.resource)
    known = dict(aside.values_list("identity", "number"))
    sentences += [
        f"{known.get(str(xero_id)) or xero_id} is in Xero, but could not be stored"
        for xero_id in listed - set(stored)
    ]
    return sentences[: sums.MOST_NAMED]
