"""The daily check, done now, and the cursor it goes by."""

from tests.support.linked import Linked, clock
from xero_sync.maintenance import daily_check
from xero_sync.models import Cursor, SyncRun


def cursor_of(linked: Linked) -> Cursor:
    """Return the cursor of invoices."""
    return Cursor.objects.get(organisation=linked.organisation, resource="INVOICE")


def check(linked: Linked) -> list[SyncRun]:
    """Do the daily upkeep now and return the runs it asked for."""
    Cursor.objects.exclude(count_due_at=None).update(count_due_at=clock())
    asked = daily_check.check(organisation_id=linked.organisation.pk, clock=clock)
    return list(SyncRun.objects.filter(pk__in=asked))
