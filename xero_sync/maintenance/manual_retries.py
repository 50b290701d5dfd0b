"""What a person wants tried again at once: documents that could not be saved."""

from datetime import datetime

from django.db import transaction

from connected_apps import audit
from connected_apps.models import XERO, Connection
from lrm.models import User
from xero_sync import resources
from xero_sync.jobs import dispatch
from xero_sync.models import QuarantinedDocument, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.store import quarantine


def ask_again(
    *, connection: Connection, row_id: int | None, by: User, now: datetime, at_most: int = 400
) -> int:
    """Let what could not be saved be fetched again at once; return how many documents that is.

    Each is asked for by an event of our own, so that a worker fetches it as if Xero had announced a
    change. What has no id of Xero's cannot be asked for and waits for its next change.

    :param row_id: the one document; None for all.
    """
    if connection.organisation is None:
        return 0
    waiting = QuarantinedDocument.objects.filter(organisation=connection.organisation)
    if row_id is not None:
        waiting = waiting.filter(pk=row_id)
    found = waiting.order_by("last_tried_at").values_list("resource", "identity")[:at_most]
    events = [
        WebhookEvent(
            organisation=connection.organisation,
            category=resources.of(Resource(resource)).category,
            event_type="UPDATE",
            resource_id=identity,
            received_at=now,
            note="Asked for by a person",
        )
        for resource, identity in found
        if quarantine.has_id(identity)
    ]
    if not events:
        return 0
    with transaction.atomic():
        WebhookEvent.objects.bulk_create(events)
        audit.record(
            portal=connection.portal,
            app=XERO,
            action="DOCUMENTS_TRIED_AGAIN",
            by=by,
            now=now,
            detail=f"{len(events):,} document{'' if len(events) == 1 else 's'}",
            organisation_name=connection.organisation.name,
        )
        dispatch.FETCH_EVENTS.wake(connection.organisation.pk)
    return len(events)
