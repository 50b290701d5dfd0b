"""From a fetched page to rows that show: the writer, and what follows from what it wrote."""

from datetime import datetime

from xero_sync import contact_names, links, preparing, replies, writing
from xero_sync.models import Resource


def store(
    *, organisation_id: int, resource: Resource, page: replies.Page, now: datetime
) -> writing.Written:
    """Write a page and link its contacts, inside the caller's transaction."""
    contact_names.hold(organisation_id=organisation_id, resource=resource)
    written = writing.write(
        organisation_id=organisation_id,
        prepared=preparing.of_page(page, resource),
        read_at=page.sent_at,
        now=now,
    )
    contact_names.align(
        organisation_id=organisation_id, resource=resource, touched_ids=written.touched_ids
    )
    if resource is Resource.CONTACT:
        links.link_by_number(
            organisation_id=organisation_id, contact_ids=written.touched_ids, now=now
        )
    return written
