"""Quarantined documents are fetched again by themselves, some hours after each try."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from invoices.models import ReadBy
from xero_sync import fetched_pages
from xero_sync.api import client, errors, sessions
from xero_sync.jobs import own_failures
from xero_sync.maintenance import failed_parts
from xero_sync.resources import Resource
from xero_sync.store import quarantine

RETRY_AFTER = timedelta(hours=6)
# Failures of one kind, after which the rest of it waits for tomorrow.
_MOST_FAILURES = 12


def retry_all(
    *, session: sessions.Session, organisation_id: int, now: datetime, at_most: int = 40
) -> None:
    """Fetch again what was quarantined hours ago: a newer release may know how to store it.

    What fails together is asked for by halves: a document that was set aside may well be one that
    Xero cannot give, and then it keeps neither the others nor the rest of the day's work waiting.

    :raises errors.XeroError: of a kind that Xero refuses, after the others were asked for.
    :raises Exception: Xero, the connection or a limit stands in the way of all.
    """
    failed = failed_parts.FailedParts()
    for resource in Resource:
        named = quarantine.named(organisation_id, resource)
        due = named.filter(last_tried_at__lt=now - RETRY_AFTER).order_by("last_tried_at")
        ids = [UUID(one) for one in due.values_list("identity", flat=True)[:at_most]]
        with failed.part():
            own_failures.read_by_halves(
                client.batches(resource, ids),
                partial(_retry, session, organisation_id, resource, now),
                most_failures=_MOST_FAILURES,
            )
    failed.raise_first()


def _retry(
    session: sessions.Session,
    organisation_id: int,
    resource: Resource,
    now: datetime,
    ids: Sequence[UUID],
) -> None:
    try:
        page = session.by_ids(resource, ids)
    except errors.NotFound:
        # None of them is there any more (asked for one by one). The daily count tells.
        return
    with transaction.atomic():
        fetched_pages.store(
            session,
            organisation_id=organisation_id,
            resource=resource,
            page=page,
            by=ReadBy.SWEEP,
            now=now,
        )
