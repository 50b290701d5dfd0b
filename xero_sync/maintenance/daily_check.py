"""Once a day for each organisation: count, mend, try again what was set aside, ask who it is.

One worker at a time does it for an organisation: its row is leased, and the lease is renewed with
every call that counts.

Each kind is counted when its own count is due. The rest of the day's upkeep follows on that: it is
owed for as long as a kind was counted later than the rest was done for, so a worker that is killed
in between, or an outage, only puts it off. A kind that Xero will not count earns no rest, however
often it is asked for, and keeps none from being done.
"""

from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import leases
from xero_sync.maintenance import (
    contact_balances,
    counts,
    failed_parts,
    full_readings,
    organisation_details,
    quarantine_retries,
)
from xero_sync.models import Cursor, DailyCheck
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
        session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
        failed = failed_parts.FailedParts()
        # What is due is looked at under the lease: another worker may just have done it.
        asked = counts.Count(session, connection, daily, clock).check(failed)
        if _owing_the_rest().filter(pk=daily.pk).exists():
            _do_the_rest(session, connection, daily, clock, failed)
            counted = Cursor.objects.filter(organisation_id=organisation_id)
            done_for = counted.aggregate(rest_done_for=Max("counted_at"))
            leases.renew(daily, now=clock(), **done_for)
            # Nothing follows on these, so that whatever keeps them can wait until tomorrow.
            organisation_details.refresh_details(session=session, organisation_id=organisation_id)
        failed.raise_first()
    return asked


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations whose daily check is due and nobody does."""
    live = live_connections().values("organisation_id")
    busy = DailyCheck.objects.exclude(leases.takeable(DailyCheck, now)).values("organisation_id")
    due: set[int] = set()
    for rows in (counts.due(now=now), _owing_the_rest()):
        free = rows.filter(organisation_id__in=live).exclude(organisation_id__in=busy)
        due.update(free.values_list("organisation_id", flat=True))
    return sorted(due)


def _owing_the_rest() -> QuerySet[DailyCheck]:
    """Return the rows whose rest was not done since a kind was counted last."""
    counted = DailyCheck.objects.annotate(counted_at=Max("organisation__cursor__counted_at"))
    is_behind = Q(rest_done_for=None) | Q(rest_done_for__lt=F("counted_at"))
    return counted.filter(is_behind, counted_at__isnull=False)


def _do_the_rest(
    session: sessions.Session,
    connection: Connection,
    daily: DailyCheck,
    clock: leases.Clock,
    failed: failed_parts.FailedParts,
) -> None:
    """Do what follows on the counts; first that which asks Xero nothing.

    :param failed: keeps what Xero will not do, until tomorrow.
    :raises errors.XeroError: Xero could not be asked; all of it is still owed.
    """
    organisation_id, now = daily.organisation_id, clock()
    credit_mismatches.follow_all(organisation_id=organisation_id, now=now)
    contact_balances.begin(organisation_id=organisation_id, now=now)
    full_readings.begin(organisation_id=organisation_id, now=now)
    with failed.part():
        quarantine_retries.retry_all(session=session, organisation_id=organisation_id, now=now)
    problem_count.recount(connection=connection, organisation_id=organisation_id, now=now)
