"""The upkeep of the sums behind report #0442: added up soon, and proved once a day.

A difference is a fault of ours. It is mended, so that people read what is right, and logged, so
that it is looked into.
"""

import logging
from datetime import datetime, timedelta

from connected_apps.models import Organisation
from invoices import document_sums
from invoices.models import DocumentSumCheck

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# Batches a turn: others want the worker, too.
_MOST_BATCHES = 50


def add_up_all() -> int:
    """Add up what waits; return how many changes were added."""
    added = 0
    for _ in range(_MOST_BATCHES):
        moved = document_sums.add_up()
        added += moved
        if moved < document_sums.BATCH:
            break
    return added


def check_due(*, now: datetime) -> int:
    """Check every organisation's sums that are due; return how many cells were mended."""
    checked = DocumentSumCheck.objects.filter(checked_at__gt=now - EVERY)
    due = Organisation.objects.exclude(pk__in=checked.values("organisation"))
    return sum(_check(organisation, now=now) for organisation in due.order_by("pk"))


def _check(organisation: Organisation, *, now: datetime) -> int:
    mended = document_sums.mend(organisation)
    check, _ = DocumentSumCheck.objects.get_or_create(
        organisation=organisation, defaults={"checked_at": now}
    )
    check.checked_at = now
    check.mended_count += mended
    check.save(update_fields=["checked_at", "mended_count"])
    if mended:
        logger.error("Sums of organisation %s differed in %s cells", organisation.pk, mended)
    return mended
