"""Telling programs that a run has ended, in the transaction that ends it."""

from datetime import datetime

from django.urls import reverse

from lrm.hooks import event_types, outbox
from xero_sync.models import SyncRun


def note_end(run: SyncRun, *, now: datetime) -> None:
    """Write down that a run has ended, by itself or by a person; its state is asked by API."""
    thing = outbox.Thing(id=run.pk, kind=run.what, path=reverse("api_sync_run", args=[run.pk]))
    outbox.note(portal_id=run.portal_id, type=event_types.RUN_ENDED, things=[thing], now=now)
