"""From a fetched page to rows that show: the writer, and what follows from what it wrote."""

import dataclasses
from datetime import datetime

from django.db import DataError, transaction

from xero_sync import contact_names, links, preparing, replies, writing
from xero_sync.models import Resource


def store(
    *, organisation_id: int, resource: Resource, page: replies.Page, now: datetime
) -> writing.Written:
    """Write a page and link its contacts, inside the caller's transaction."""
    contact_names.hold(organisation_id=organisation_id, resource=resource)
    written = _write(organisation_id, preparing.of_page(page, resource), page.sent_at, now)
    contact_names.align(
        organisation_id=organisation_id, resource=resource, touched_ids=written.touched_ids
    )
    if resource is Resource.CONTACT:
        links.link_by_number(
            organisation_id=organisation_id, contact_ids=written.touched_ids, now=now
        )
    return written


def _write(
    organisation_id: int, prepared: preparing.Prepared, read_at: datetime, now: datetime
) -> writing.Written:
    """Write a page; where PostgreSQL refuses a value, all but the element that holds it.

    What it can hold is known of the columns and checked before, but jsonb has bounds of its own:
    `1e400000` is good JSON. Such an element is found by halving the page.
    """
    try:
        with transaction.atomic():
            return writing.write(
                organisation_id=organisation_id, prepared=prepared, read_at=read_at, now=now
            )
    except DataError as error:
        if not prepared.kept:
            raise
        reason = f"PostgreSQL cannot hold it: {_words(error)}"
    elements = prepared.elements
    if len(elements) == 1:
        parts = [
            dataclasses.replace(
                preparing.prepare(prepared.resource, []),
                elements=elements,
                refused=[(elements[0], reason)],
            )
        ]
    else:
        middle = len(elements) // 2
        parts = [
            preparing.prepare(prepared.resource, half)
            for half in (elements[:middle], elements[middle:])
        ]
    return writing.together([_write(organisation_id, part, read_at, now) for part in parts])


def _words(error: DataError) -> str:
    """Return the cause without the statement, which would repeat the whole page."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or "it gives no reason")
