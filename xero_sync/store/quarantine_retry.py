"""Quarantined documents: counted for the state of the connection, and tried again."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from connected_apps import errors as connection_errors
from connected_apps.models import Connection
from connected_apps.states import states
from invoices.models import ReadBy
from xero_sync.api import client, errors, sessions
from xero_sync.models import QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.store import page_store, quarantine

RETRY_AFTER = timedelta(hours=6)


def recount(*, connection: Connection, organisation_id: int, now: datetime) -> None:
    """Let the connection's state say how many documents are quarantined."""
    count = QuarantinedDocument.objects.filter(organisation_id=organisation_id).count()
    before = Connection.objects.values_list("problem_count", flat=True).get(pk=connection.pk)
    if count == before:
        return
    trigger = states.Trigger.PROBLEMS_FOUND if count else states.Trigger.PROBLEMS_CLEARED
    plural = "document" if count == 1 else "documents"
    try:
        states.apply(
            connection_id=connection.pk,
            trigger=trigger,
            by=None,
            why=f"{count} {plural} could not be stored" if count else "All documents are stored",
            now=now,
            count=count,
            generation=connection.generation,
        )
    except (connection_errors.StaleGeneration, connection_errors.ImpossibleTransition):
        return


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
                session.check_generation()
                page_store.store(
                    organisation_id=organisation_id,
                    resource=resource,
                    page=page,
                    by=ReadBy.SWEEP,
                    now=now,
                )
