"""From a fetched page to rows that show: the writer, and what follows from what it wrote.

*The name that a document shows* is its contact's, whichever of the two told it last. Xero shows a
contact's name on every one of its documents, but does not say that a new name moves the documents'
UpdatedDateUTC. So a new name is written to the documents here, and a document that was read before
its contact takes the contact's. `name_locks` keeps the two sorts of pages from missing each other.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db import DataError, connection, transaction

from invoices.models import ReadBy
from xero_sync import resources
from xero_sync.api import responses
from xero_sync.resources import Resource
from xero_sync.store import (
    contact_links,
    document_messages,
    document_moves,
    mapping,
    name_locks,
    prepared_pages,
    replaced_versions,
    upserts,
)


def store(
    *,
    organisation_id: int,
    resource: Resource,
    page: responses.Page,
    by: ReadBy,
    now: datetime,
    confirm: bool = False,
) -> upserts.Written:
    """Write a page inside the caller's transaction, align names and link contacts to learners.

    :param by: what brought the page, for the versions of documents that it replaces.
    :param confirm: see `upserts.write`.
    """
    if not page.elements:
        return upserts.Written()
    name_locks.hold(organisation_id, resource)
    write = partial(
        upserts.write,
        organisation_id=organisation_id,
        read_at=page.sent_at,
        by=by,
        now=now,
        confirm=confirm,
    )
    written = _write(write, prepared_pages.of_page(page, resource))
    _align_names(organisation_id, resource, written.touched_ids)
    if resource is Resource.CONTACT:
        contact_links.derive_for_contacts(
            organisation_id=organisation_id, contact_ids=written.touched_ids, now=now
        )
        document_moves.settle(organisation_id=organisation_id, page=page, now=now)
    else:
        if written.changed:
            document_moves.ask(organisation_id=organisation_id, now=now)
        document_messages.note(
            organisation_id=organisation_id,
            resource=resource,
            touched_ids=written.touched_ids,
            now=now,
        )
    return written


def _write(
    write: Callable[..., upserts.Written], prepared: prepared_pages.Prepared
) -> upserts.Written:
    """Write a page; where PostgreSQL refuses a value, all but the element that holds it.

    The mapping checks what the columns can hold, but jsonb has bounds of its own: it refuses
    `1e-20000`, which is good JSON. Such an element is found by halving the page.
    """
    try:
        with transaction.atomic():
            return write(prepared=prepared)
    except replaced_versions.Overtaken:
        # Somebody stored another version of one of them meanwhile; that is the one to keep now.
        return _write(write, prepared)
    except DataError as error:
        if not prepared.kept:
            raise
        reason = f"PostgreSQL cannot hold it: {_reason_given(error)}"
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


def _reason_given(error: DataError) -> str:
    """Return the cause without the statement, which would repeat the whole page."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or "it gives no reason")


def _align_names(organisation_id: int, resource: Resource, touched_ids: Sequence[str]) -> None:
    """Give documents their contacts' names where these were read later.

    :param touched_ids: Xero's ids of the contacts, or of the documents, that were just written.
    """
    if not touched_ids:
        return
    # Documents are found by an index that names their kind before their id.
    side = (
        "contact.xero_id"
        if resource is Resource.CONTACT
        else f"document.kind = '{resources.of(resource).kind}' AND document.xero_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE invoices_document document
               SET contact_name = contact.name
              FROM invoices_contact contact
             WHERE document.organisation_id = %s AND {side} = ANY(%s::uuid[])
               AND contact.organisation_id = document.organisation_id
               AND contact.xero_id = document.contact_xero_id
               AND contact.name <> document.contact_name
               AND contact.read_at >= document.read_at
            """,  # noqa: S608 - a condition from above
            # As one literal: a list would be quoted id by id.
            [organisation_id, f"{{{','.join(touched_ids)}}}"],
        )
