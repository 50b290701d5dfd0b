"""From a fetched page to rows that show: the writer, and what follows from what it wrote."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import DataError, transaction

from xero_sync.api import responses
from xero_sync.resources import Resource
from xero_sync.store import contact_links, contact_names, mapping, prepared_pages, upserts


def store(
    *,
    organisation_id: int,
    resource: Resource,
    page: responses.Page,
    now: datetime,
    confirm: bool = False,
) -> upserts.Written:
    """Write a page and link its contacts, inside the caller's transaction.

    :param confirm: see `upserts.write`.
    """
    contact_names.hold(organisation_id=organisation_id, resource=resource)
    write = partial(
        upserts.write,
        organisation_id=organisation_id,
        read_at=page.sent_at,
        now=now,
        confirm=confirm,
    )
    written = _write(write, prepared_pages.of_page(page, resource))
    contact_names.align(
        organisation_id=organisation_id, resource=resource, touched_ids=written.touched_ids
    )
    if resource is Resource.CONTACT:
        contact_links.link_by_number(
            organisation_id=organisation_id, contact_ids=written.touched_ids, now=now
        )
    return written


def _write(
    write: Callable[..., upserts.Written], prepared: prepared_pages.Prepared
) -> upserts.Written:
    """Write a page; where PostgreSQL refuses a value, all but the element that holds it.

    What it can hold is known of the columns and checked before, but jsonb has bounds of its own:
    `1e-20000` is good JSON. Such an element is found by halving the page.
    """
    try:
        with transaction.atomic():
            return write(prepared=prepared)
    except DataError as error:
        if not prepared.kept:
            raise
        reason = f"PostgreSQL cannot hold it: {_words(error)}"
    # In the order in which rows are locked, see `upserts`.
    elements = sorted(
        prepared.elements, key=lambda one: mapping.describe(prepared.resource, one)[0].lower()
    )
    if len(elements) == 1:
        parts = [
            dataclasses.replace(
                prepared_pages.prepare(prepared.resource, []),
                elements=elements,
                refused=[(elements[0], reason)],
            )
        ]
    else:
        middle = len(elements) // 2
        parts = [
            prepared_pages.prepare(prepared.resource, half)
            for half in (elements[:middle], elements[middle:])
        ]
    return upserts.together([_write(write, part) for part in parts])


def _words(error: DataError) -> str:
    """Return the cause without the statement, which would repeat the whole page."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or "it gives no reason")
