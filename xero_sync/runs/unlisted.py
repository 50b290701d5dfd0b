"""Which documents a step did not read: stored here within its dates, but on none of Xero's pages.

That Xero's count is the count of what is stored proves nothing of documents that were stored
before. A list may hold less than it says. And where one document leaves the dates during a walk
while another enters them, the count stays, and a row that moved from one page to the one before it
is never read.

Documents that a page brings anew are marked with the time at which they were read. Documents that
it leaves unchanged are not written, so the ids of such a page are kept until the step is verified.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Func, UUIDField

from xero_sync.models import SyncPage, SyncStep
from xero_sync.pull import date_windows
from xero_sync.resources import Resource
from xero_sync.store import field_parsers, mapping, upserts


def save_page(step: SyncStep, elements: Iterable[Any], written: upserts.Written) -> None:
    """Save the ids of a page that was not written as a whole, in the caller's transaction."""
    if written.new + written.changed == written.read:
        return
    listed = (_id_of(Resource(step.resource), element) for element in elements)
    if ids := [one for one in listed if one is not None]:
        SyncPage.objects.create(step=step, ids=ids)


def ids_of(step: SyncStep, *, most: int) -> list[UUID]:
    """Return ids of documents that were not read since the step's first page was asked for.

    :param most: how many of them at most.
    """
    if step.reading_since is None:
        return []
    older = (
        date_windows.of_step(step)
        .stored(step.run.organisation_id)
        .filter(read_at__lt=step.reading_since)
    )
    listed = step.pages.annotate(one=Func("ids", function="unnest", output_field=UUIDField()))
    # The plan of EXCEPT is one pass over each side, however many rows the planner expects.
    unread = (
        older.order_by()
        .values_list("xero_id", flat=True)
        .difference(listed.values_list("one", flat=True))
    )
    return list(unread[:most])


def _id_of(resource: Resource, element: Any) -> UUID | None:
    try:
        found = field_parsers.identifier(mapping.describe(resource, element)[0])
    except field_parsers.Unmappable:
        return None
    return UUID(found) if found else None
