"""The checkpoint of a step: committed with each page, moved only from the page before it.

With each page the worker renews its lease on the run. A worker whose lease lapsed during a long
pause and was taken has its page rolled back.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from invoices.models import ReadBy
from xero_sync.api import responses, sessions
from xero_sync.jobs import leases
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import page_sizes
from xero_sync.resources import Resource
from xero_sync.runs import listed_versions, unlisted
from xero_sync.store import currency_totals, differing, page_store, table_statistics, upserts
from xero_sync.store.differing import Differing


def from_the_start() -> dict[str, Any]:
    """Return the columns of a step that is to be read anew; its new and changed counts stay."""
    return {
        "next_page": 1,
        "page_count": None,
        "walked_since": None,
        "reading_since": None,
        "done_at": None,
        "read_count": 0,
        "unchanged_count": 0,
        "quarantined_count": 0,
        "missing_count": 0,
        "totals": {},
        "differences": [],
        "differing": [],
    }


def resize_after(step: SyncStep, error: Exception, now: datetime) -> None:
    """Let a step go on in smaller pages where these take Xero too long."""
    if place := page_sizes.after(step, error):
        go_on_at(step, place, now)


def go_on_at(step: SyncStep, place: page_sizes.Place, now: datetime) -> None:
    """Let a step go on in pages of another size, or from its start."""
    changes: dict[str, Any] = {"page_size": place.page_size}
    if place.is_start:
        changes |= from_the_start()
    else:
        page_count = math.ceil((step.item_count or 0) / place.page_size)
        changes |= {"next_page": place.next_page, "page_count": page_count}
    with transaction.atomic():
        renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(**changes)
        if place.is_start:
            step.pages.all().delete()
    for name, value in changes.items():
        setattr(step, name, value)


def store_page(
    session: sessions.Session, step: SyncStep, number: int, page: responses.Page, now: datetime
) -> None:
    """Store a page and move the checkpoint, in one transaction; then look at what tables became."""
    with transaction.atomic():
        written = store_without_checkpoint(
            session,
            step.run,
            Resource(step.resource),
            page,
            now,
            confirm=step.again_since is not None,
        )
        named = [*written.differences, *_older_here(step, page)]
        # The update finds the step only where nobody has moved it, so these counts are current.
        checkpoint: dict[str, Any] = {
            "next_page": number + 1,
            **page_sizes.told_by(page, number, step),
            "page_count": page.page_count,
            "item_count": page.item_count,
            "walked_since": step.walked_since or page.answered_at or page.sent_at,
            "reading_since": page.sent_at if number == 1 else step.reading_since,
            "read_count": step.read_count + written.read,
            "new_count": step.new_count + written.new,
            "changed_count": step.changed_count + written.changed,
            "unchanged_count": step.unchanged_count + written.unchanged,
            "quarantined_count": step.quarantined_count + written.quarantined,
            "missing_count": step.missing_count + written.missing,
            "totals": currency_totals.as_json(
                currency_totals.together(currency_totals.from_json(step.totals), written.totals)
            ),
            **_differences(step, named),
        }
        unmoved = SyncStep.objects.filter(pk=step.pk, next_page=number, page_size=step.page_size)
        if not unmoved.update(**checkpoint):
            raise leases.LeaseLost
        unlisted.save_page(step, page.elements, written)
    for name, value in checkpoint.items():
        setattr(step, name, value)
    table_statistics.keep_up(page=number)


def _differences(step: SyncStep, found: Sequence[Differing]) -> dict[str, Any]:
    """Return the columns that keep what differs: some in words, more as figures."""
    if not found:
        return {}
    words = [*step.differences, *(one.sentence for one in found)]
    kept = [*step.differing, *differing.as_json(found)]
    return {
        "differences": words[: currency_totals.MOST_NAMED],
        "differing": kept[: differing.MOST_KEPT],
    }


def _older_here(step: SyncStep, page: responses.Page) -> list[Differing]:
    """Name what is older here than on the page, for runs that prove it by version."""
    if step.run.changed_from is None:
        return []
    said = listed_versions.older_here(
        organisation_id=step.run.organisation_id,
        resource=Resource(step.resource),
        elements=page.elements,
    )
    return [Differing(how=differing.SAID, kind="", number=words) for words in said]


def store_without_checkpoint(
    session: sessions.Session,
    run: SyncRun,
    resource: Resource,
    page: responses.Page,
    now: datetime,
    *,
    confirm: bool = False,
) -> upserts.Written:
    """Store a page for a run that is still open; the caller moves a checkpoint, or needs none.

    :param confirm: see `upserts.write`.
    :raises leases.LeaseLost: the run was cancelled, or another worker has taken it.
    """
    with transaction.atomic(savepoint=False):
        session.check_generation()
        renew_lease(run, now)
        return page_store.store(
            organisation_id=run.organisation_id,
            resource=resource,
            page=page,
            by=ReadBy.RESYNC,
            now=now,
            confirm=confirm,
        )


def renew_lease(run: SyncRun, now: datetime) -> None:
    """Renew the lease on a run that gets on, in the transaction that changes something of it.

    :raises leases.LeaseLost: the run was cancelled, or another worker has taken it.
    """
    leases.renew(run, now=now, attempts=0, heard_at=now)
