"""Once a day for each organisation: count, mend, try again what was set aside, ask who it is."""

from datetime import timedelta

from connected_apps.queries import live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import day_limit, leases, retry_policy
from xero_sync.maintenance import counts, organisation_details
from xero_sync.models import Cursor
from xero_sync.store import credit_mismatches, quarantine_retry


def check(*, organisation_id: int, clock: leases.Clock) -> list[int]:
    """Do the daily upkeep that is due; return the runs that were asked for."""
    now = clock()
    due = Cursor.objects.filter(organisation_id=organisation_id, count_due_at__lte=now)
    connection = live_connections().filter(organisation_id=organisation_id).first()
    if connection is None or not due.exists():
        return []
    session = sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=rate_limiter.Lane.BULK
    )
    try:
        asked = counts.check(
            session=session, connection=connection, organisation_id=organisation_id, now=now
        )
        credit_mismatches.follow_all(organisation_id=organisation_id, now=now)
        quarantine_retry.retry_all(session=session, organisation_id=organisation_id, now=now)
        quarantine_retry.recount(connection=connection, organisation_id=organisation_id, now=now)
        organisation_details.refresh_details(session=session, organisation_id=organisation_id)
    except Exception as error:
        retry = retry_policy.after(error, attempts=0)
        day_limit.pause(organisation_id=organisation_id, error=error, now=now)
        due.update(count_due_at=now + max(retry.delay, timedelta(minutes=5)))
        return []
    return asked
