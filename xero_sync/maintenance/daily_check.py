"""Once a day for each organisation: count, mend, try again what was set aside, ask who it is.

One worker at a time does it for an organisation: its row is leased, and the lease is renewed with
every call that counts.
"""

from datetime import datetime, timedelta

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import leases
from xero_sync.maintenance import (
    contact_balances,
    counts,
    full_readings,
    organisation_details,
    quarantine_retries,
)
from xero_sync.models import DailyCheck
from xero_sync.store import credit_mismatches, problem_count

_SHORTEST_WAIT = timedelta(minutes=5)


def check(*, organisation_id: int, clock: leases.Clock) -> list[int]:
    """Do the daily check that is due; return the runs that were asked for."""
    connection = live_connection_of(organisation_id=organisation_id)
    if connection is None:
        return []
    known, _ = DailyCheck.objects.get_or_create(organisation_id=organisation_id)
    daily = leases.take(DailyCheck, known.pk, now=clock())
    if daily is None:
        return []
    asked: list[int] = []
    with leases.working_on(
        daily,
        organisation_id=organisation_id,
        clock=clock,
        no_sooner=lambda error: _SHORTEST_WAIT,
    ):
        # Looked at under the lease: another worker may just have counted.
        if counts.due(now=clock()).filter(organisation_id=organisation_id).exists():
            asked = _check(connection, daily, clock)
    return asked


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations whose daily check is due and nobody does."""
    live = live_connections().values("organisation_id")
    busy = DailyCheck.objects.exclude(leases.takeable(DailyCheck, now)).values("organisation_id")
    due = counts.due(now=now).filter(organisation_id__in=live).exclude(organisation_id__in=busy)
    return list(due.values_list("organisation_id", flat=True).distinct())


def _check(connection: Connection, daily: DailyCheck, clock: leases.Clock) -> list[int]:
    organisation_id, now = daily.organisation_id, clock()
    session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
    asked = counts.Count(session, connection, daily, clock).check()
    credit_mismatches.follow_all(organisation_id=organisation_id, now=now)
    quarantine_retries.retry_all(session=session, organisation_id=organisation_id, now=now)
    problem_count.recount(connection=connection, organisation_id=organisation_id, now=now)
    contact_balances.begin(organisation_id=organisation_id, now=now)
    full_readings.begin(organisation_id=organisation_id, now=now)
    organisation_details.refresh_details(session=session, organisation_id=organisation_id)
    return asked
