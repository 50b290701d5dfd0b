"""First syncs in any state, and documents that could not be saved, stored without any Xero."""

from datetime import timedelta

from connected_apps.models import Connection
from tests.support.connections import NOW
from xero_sync.models import QuarantinedDocument, RunState, SyncRun, SyncStep

LATER = NOW - timedelta(hours=2)


def make_first(connection: Connection, state: RunState, *, read: int) -> SyncRun:
    """Store the first sync of a connection in place of the one it has."""
    SyncRun.objects.filter(organisation=connection.organisation).delete()
    assert connection.organisation is not None
    run = SyncRun.objects.create(
        portal=connection.portal,
        organisation=connection.organisation,
        generation=7,
        date_from="1900-01-01",
        date_to="2100-01-01",
        is_first=True,
        state=state,
        requested_at=LATER,
        finished_at=None if state == RunState.RUNNING else LATER,
    )
    SyncStep.objects.create(
        run=run,
        resource="INVOICE",
        date_from="1900-01-01",
        date_to="2100-01-01",
        read_count=read,
        item_count=864,
        next_page=2,
        xero_count=864,
        our_count=read,
    )
    return run


def quarantine(connection: Connection, count: int) -> None:
    """Store documents that could not be saved."""
    assert connection.organisation is not None
    for number in range(count):
        QuarantinedDocument.objects.create(
            organisation=connection.organisation,
            resource="INVOICE",
            identity=f"INV-{number}",
            raw={},
            reason="The amount is too large",
            first_seen_at=LATER,
            last_tried_at=LATER,
        )
