"""The closing sweep of a run: what was modified since its steps were read.

Each page is committed together with the steps' checkpoint, so a sweep that a limit stops goes on
where it was. When it is through, the next one begins where it began, less an overlap: coming back
to the verification costs a list of what changed in the meantime, which is short.

A sweep that was taken up half-way is followed by another at once: documents that changed after
their page was read are in the list anew, but on pages that lie behind. So what is compared with
Xero's counts is never older than the sweep of one turn.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from xero_sync.api import list_queries
from xero_sync.jobs import leases
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import pager
from xero_sync.resources import Resource
from xero_sync.runs import step_reader

OVERLAP = timedelta(minutes=5)


def pull(puller: pager.Puller, run: SyncRun, steps: list[SyncStep], clock: leases.Clock) -> None:
    """Store what was modified since the steps, all of one resource, were read or last closed.

    :raises errors.Rejected: more has changed than Xero lists.
    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    _bring_together(run, steps, clock)
    while _walk(puller, run, steps, clock):
        pass


def _bring_together(run: SyncRun, steps: list[SyncStep], clock: leases.Clock) -> None:
    """Let steps that have come differently far begin where the last of them is."""
    begins = {step.closing_since or _read_from(run, step) for step in steps}
    if len(begins) > 1 or any(step.closing_since is None for step in steps):
        with transaction.atomic():
            step_reader.hold(run, clock())
            _keep(steps, closing_since=min(begins), closing_page=1, closing_started_at=None)


def _read_from(run: SyncRun, step: SyncStep) -> datetime:
    return (step.walked_since or run.requested_at) - OVERLAP


def _walk(puller: pager.Puller, run: SyncRun, steps: list[SyncStep], clock: leases.Clock) -> bool:
    """Walk the list to its end; return whether another has to follow."""
    one = steps[0]
    resource = Resource(one.resource)
    listing = list_queries.Listing(resource=resource, modified_since=one.closing_since)
    began_at_page = one.closing_page
    for number, page in puller.walk(listing, first_page=began_at_page):
        started_at = one.closing_started_at or page.answered_at or page.sent_at
        with transaction.atomic():
            step_reader.store_without_checkpoint(puller.session, run, resource, page, clock())
            _keep(steps, from_page=number, closing_page=number + 1, closing_started_at=started_at)
    if one.closing_started_at is not None:
        next_since = one.closing_started_at - OVERLAP
        with transaction.atomic():
            step_reader.hold(run, clock())
            _keep(steps, closing_since=next_since, closing_page=1, closing_started_at=None)
    return began_at_page > 1


def _keep(steps: list[SyncStep], *, from_page: int | None = None, **checkpoint: Any) -> None:
    """Move the checkpoint of all steps, where nobody else has moved it from this page.

    :raises run_walk.LostClaim: somebody has.
    """
    rows = SyncStep.objects.filter(pk__in=[step.pk for step in steps])
    if from_page is not None:
        rows = rows.filter(closing_page=from_page)
    if rows.update(**checkpoint) != len(steps):
        raise step_reader.LostClaim
    for step in steps:
        for name, value in checkpoint.items():
            setattr(step, name, value)
