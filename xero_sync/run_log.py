"""The log of a run: lines in words for people, kept with it."""

from datetime import datetime

from xero_sync.models import SyncRun, SyncRunLine


def say(run: SyncRun, text: str, *, now: datetime) -> None:
    """Add a line; the same words twice in a row are one line."""
    last = run.lines.order_by("-id").values_list("text", flat=True).first()
    if last != text[:500]:
        SyncRunLine.objects.create(run=run, at=now, text=text[:500])
