"""The closing sweep of a run: it stores what was modified while the run read.

A sweep lists one resource by modified-since. Each page is committed together with the sweep's
checkpoint, a `CatchUp` row, so a sweep that a limit stops goes on where it was. The next sweep
begins where the last one began, less an overlap. Coming back to the verification therefore costs a
short list: what changed in the meantime.

A sweep that was resumed is followed by another at once. Documents that changed after their page was
read stand in the list anew, but on pages that lie behind. So what is compared with Xero's counts is
never older than the sweep of one turn.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction

from xero_sync.api import errors, list_queries
from xero_sync.jobs import leases
from xero_sync.models import CatchUp, SyncRun, SyncStep
from xero_sync.pull import page_sizes, pager
from xero_sync.resources import Resource
from xero_sync.runs import step_checkpoint

OVERLAP = timedelta(minutes=5)


def pull(*, puller: pager.Puller, run: SyncRun, steps: list[SyncStep], clock: leases.Clock) -> bool:
    """Store what was modified since the steps, all of one resource, were read or last closed.

    Return False where more was modified than Xero lists; the next sweep then begins anew.

    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    checkpoint = _get_or_begin(run, steps, clock)
    try:
        while _list_or_go_on(puller, run, checkpoint, clock):
            pass
    except errors.Rejected:
        checkpoint.delete()
        return False
    return True


def _list_or_go_on(
    puller: pager.Puller, run: SyncRun, checkpoint: CatchUp, clock: leases.Clock
) -> bool:
    """Store the rest of the list; return whether there is more to list."""
    try:
        return _list_to_the_end(puller, run, checkpoint, clock)
    except (errors.TimedOut, page_sizes.WalkMoved) as error:
        place = page_sizes.after(checkpoint, error)
        if place is not None:
            begun = {"started_at": None, "item_count": None} if place.is_start else {}
            with transaction.atomic():
                step_checkpoint.renew_lease(run, clock())
                _move(checkpoint, **place._asdict(), **begun)
        if isinstance(error, errors.TimedOut):
            raise
        return True


def _get_or_begin(run: SyncRun, steps: list[SyncStep], clock: leases.Clock) -> CatchUp:
    resource = steps[0].resource
    found = run.catch_ups.filter(resource=resource).first()
    if found is not None:
        return found
    first_read_at = min(step.walked_since or run.requested_at for step in steps)
    with transaction.atomic():
        step_checkpoint.renew_lease(run, clock())
        begun, _ = run.catch_ups.get_or_create(
            resource=resource, defaults={"modified_since": first_read_at - OVERLAP}
        )
    return begun


def _list_to_the_end(
    puller: pager.Puller, run: SyncRun, checkpoint: CatchUp, clock: leases.Clock
) -> bool:
    """Store the rest of the list; return whether another sweep has to follow."""
    resource = Resource(checkpoint.resource)
    listing = list_queries.Listing(resource=resource, modified_since=checkpoint.modified_since)
    first_page = checkpoint.next_page
    # What has failed before is not known here: each list that comes counts as progress of the run.
    pages = puller.walk(
        listing, first_page=first_page, page_size=checkpoint.page_size, has_failed=True
    )
    for number, page in pages:
        started_at = checkpoint.started_at or page.answered_at or page.sent_at
        with transaction.atomic():
            step_checkpoint.store_without_checkpoint(puller.session, run, resource, page, clock())
            _move(
                checkpoint,
                next_page=number + 1,
                started_at=started_at,
                item_count=page.item_count,
                **page_sizes.told_by(page, number, checkpoint),
            )
    if checkpoint.started_at is not None:
        with transaction.atomic():
            step_checkpoint.renew_lease(run, clock())
            _move(
                checkpoint,
                modified_since=checkpoint.started_at - OVERLAP,
                next_page=1,
                page_size=page_sizes.of_next_walk(checkpoint),
                started_at=None,
                item_count=None,
            )
    return first_page > 1


def _move(checkpoint: CatchUp, **changes: Any) -> None:
    """Move the checkpoint, where nobody else has moved it.

    :raises leases.LeaseLost: somebody has.
    """
    unmoved = CatchUp.objects.filter(
        pk=checkpoint.pk,
        modified_since=checkpoint.modified_since,
        next_page=checkpoint.next_page,
        page_size=checkpoint.page_size,
    )
    if not unmoved.update(**changes):
        raise leases.LeaseLost
    for name, value in changes.items():
        setattr(checkpoint, name, value)
