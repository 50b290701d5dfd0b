"""A worker that hung within a transaction, which PostgreSQL has ended meanwhile, and goes on."""

import time

from django.db import connection, transaction

from tests.support.linked import Linked, clock
from xero_sync.jobs import leases, own_failures
from xero_sync.models import Cursor


def hang() -> None:
    """Idle within a transaction for longer than is allowed, and go on."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        time.sleep(0.4)
        Cursor.objects.first()


def test_it_puts_its_row_off_and_names_the_database(linked: Linked) -> None:
    row = leases.take(Cursor, Cursor.objects.get(resource="INVOICE").pk, now=clock())
    assert row is not None

    with leases.working_on(row, organisation_id=linked.organisation.pk, clock=clock) as turn:
        hang()

    assert turn.error is not None
    assert not own_failures.may_be_its_own(turn.error)
    row.refresh_from_db()
    assert (row.leased_until, row.attempts) == (None, 1)
    assert row.problem == "This system's database is busy; trying again by itself"
