"""Once a day for each organisation: count, mend, try again what was set aside, ask who it is."""

from datetime import timedelta

from connected_apps.queries import live_connections
from xero_sync import (
    calls,
    claims,
    counts,
    following,
    limiter,
    organisations,
    parking,
    problems,
    retrying,
)
from xero_sync.models import Cursor


def check(*, organisation_id: int, clock: claims.Clock) -> list[int]:
    """Do the daily upkeep that is due; return the runs that were asked for."""
    now = clock()
    due = Cursor.objects.filter(organisation_id=organisation_id, count_due_at__lte=now)
    link = live_connections().filter(organisation_id=organisation_id).first()
    if link is None or not due.exists():
        return []
    session = calls.Session(
        connection_id=link.pk, generation=link.generation, lane=limiter.Lane.BULK
    )
    try:
        asked = counts.check(session=session, link=link, organisation_id=organisation_id, now=now)
        following.follow_all(organisation_id=organisation_id, now=now)
        problems.retry_set_aside(session=session, organisation_id=organisation_id, now=now)
        problems.recount(link=link, organisation_id=organisation_id, now=now)
        organisations.refresh_details(session=session, organisation_id=organisation_id)
    except Exception as error:
        retry = retrying.after(error, attempts=0)
        parking.park(organisation_id=organisation_id, error=error, now=now)
        due.update(count_due_at=now + max(retry.delay, timedelta(minutes=5)))
        return []
    return asked
