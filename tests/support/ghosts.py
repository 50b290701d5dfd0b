"""Documents stored here that Xero does not have, and the re-sync that takes them away."""

import uuid
from datetime import timedelta

from invoices.models import Document
from tests.support import valkey_flush
from tests.support.linked import Linked, clock
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import run_requests


def store_ghost(linked: Linked, number: str) -> Document:
    """Store an invoice that Xero does not have."""
    ghost = Document.objects.filter(kind="INVOICE").order_by("date")[100]
    ghost.pk, ghost.xero_id, ghost.number = None, uuid.uuid4(), number
    ghost.save(force_insert=True)
    return ghost


def heal(linked: Linked, ghost: Document, *, days: int) -> SyncRun:
    """Re-sync as the daily count does where it finds a difference: the days around a document."""
    valkey_flush.forget_all()
    assert ghost.date is not None
    around = timedelta(days=days)
    run = run_requests.request_heal(
        connection=linked.connection, window=(ghost.date - around, ghost.date + around), now=clock()
    )
    linked.work(run)
    assert run.state != RunState.PAUSED
    return run
