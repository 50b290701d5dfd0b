"""Quarantined documents are fetched again by themselves, some hours after each try."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from invoices.models import ReadBy
from xero_sync import fetched_pages
from xero_sync.api import client, errors, sessions
from xero_sync.resources import Resource
from xero_sync.store import quarantine

RETRY_AFTER = timedelta(hours=6)


def retry_all(
    *, session: sessions.Session, organisation_id: int, now: datetime, at_most: int = 40
) -> None:
    """Fetch again what was quarantined hours ago: a newer release may know how to store it.

    :raises errors.XeroError: Xero could not be asked.
    """
    for resource in Resource:
        waiting = quarantine.named(organisation_id, resource).filter(
            last_tried_at__lt=now - RETRY_AFTER
        )
        oldest = waiting.order_by("last_tried_at").values_list("identity", flat=True)[:at_most]
        for batch in client.batches(resource, [UUID(one) for one in oldest]):
            try:
                page = session.by_ids(resource, batch)
            except errors.NotFound:
                # None of them is there any more (asked for one by one). The daily count tells.
                continue
            with transaction.atomic():
                fetched_pages.store(
                    session,
                    organisation_id=organisation_id,
                    resource=resource,
                    page=page,
                    by=ReadBy.SWEEP,
                    now=now,
                )
