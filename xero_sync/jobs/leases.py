"""Leases that lapse: who works on a row says until when, and a killed worker's row comes free.

A worker takes a row, renews its lease with everything it commits, and in the end releases the row
or puts it off: until when, and in which words, is for `retry_policy` to say. Whatever it writes to
the row is a compare-and-swap on the lease that it holds. Once another worker has taken a lapsed
lease, or somebody has taken the lease away, `LeaseLost` is raised, and the transaction that it
belongs to must not commit.

Services are told the time by their caller; the loops of a worker run on a clock they can be given
in tests.
"""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.sql.subqueries import UpdateQuery

from lrm import row_locks
from xero_sync.jobs import day_limit, retry_policy
from xero_sync.models import LeasedRow

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
M = TypeVar("M", bound=LeasedRow)

# Longer than the longest call with its limits and the writing of a page, with room to spare.
LEASE = timedelta(seconds=90)
# Who ends a turn takes the lease away, whatever became of it.
_WITH_DEATHS = Case(When(leased_until=None, then=F("attempts")), default=F("attempts") + 1)


class LeaseLost(Exception):
    """Another worker has taken the row, or the lease was taken away; this worker drops it."""


def takeable(model: type[LeasedRow], now: datetime) -> Q:
    """Return the condition of rows that nobody works on and that are due."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return free & (Q(**{model.DUE_COLUMN: None}) | Q(**{f"{model.DUE_COLUMN}__lte": now}))


def take(
    model: type[M], pk: int, *, now: datetime, counts_deaths: bool = False, **conditions: Any
) -> M | None:
    """Return the row, now leased, or None where another worker has it or it is not due.

    :param counts_deaths: whether a lease that lapsed, as its worker died or hung, is a failed
        attempt like one that the worker could put off itself.
    """
    rows = model._default_manager.filter(takeable(model, now), pk=pk, **conditions)
    counted = {"attempts": _WITH_DEATHS} if counts_deaths else {}
    row = next(_updated(rows, leased_until=now + LEASE, **counted), None)
    if row is not None:
        row.lease_ends = (now + LEASE,)
    return row


def _updated(rows: QuerySet[M], **changes: Any) -> Iterator[M]:
    """Change these rows and yield them as they are then, by one statement."""
    query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]  # stubs: Query
    query.add_update_values(changes)
    statement, parameters = query.get_compiler(rows.db).as_sql()
    table = rows.model._meta.db_table
    names = ", ".join(f'"{table}"."{one.column}"' for one in rows.model._meta.concrete_fields)
    return iter(rows.model._default_manager.raw(f"{statement} RETURNING {names}", parameters))


def take_many(rows: QuerySet[M], *, most: int, now: datetime) -> list[M]:
    """Return the first of these rows that can be taken, now leased; others' are skipped."""
    free = rows.filter(takeable(rows.model, now))
    with transaction.atomic():
        taken = list(free.select_for_update(skip_locked=True, of=("self",))[:most])
        pks = [row.pk for row in taken]
        rows.model._default_manager.filter(pk__in=pks).update(leased_until=now + LEASE)
    for row in taken:
        row.lease_ends = (now + LEASE,)
    return taken


def renew(*rows: LeasedRow, now: datetime, **changes: Any) -> None:
    """Let the lease last from now on, and write changes with it. Many rows need a transaction.

    :raises LeaseLost: one of them is lost; the transaction of the caller must not be committed.
    """
    if update_leased(*rows, leased_until=now + LEASE, **changes) != len(rows):
        raise LeaseLost


def keep(row: LeasedRow, *, now: datetime) -> bool:
    """Return whether a row that was taken with others is this worker's still, for a turn of work.

    Its lease is renewed where the others have used much of it up.
    """
    if row.lease_ends[-1] - now > LEASE * 2 / 3:
        return True
    return bool(update_leased(row, leased_until=now + LEASE))


def release(row: LeasedRow, **changes: Any) -> None:
    """Give a row back after work that went well.

    :raises LeaseLost: it is lost; the transaction of the caller must not be committed.
    """
    if not update_leased(row, leased_until=None, attempts=0, **changes):
        raise LeaseLost


def update_leased(*rows: LeasedRow, leased_until: datetime | None, **changes: Any) -> int:
    """Write changes to those of the rows that are leased as this worker leased them last.

    :param rows: of one table, as `take` gave them; they remember the lease, not the changes.
    :return: how many they are.
    """
    ends = {end for row in rows for end in row.lease_ends}
    mine = type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], leased_until__in=ends
    )
    update = partial(row_locks.update, mine) if len(rows) > 1 else mine.update
    count = update(leased_until=leased_until, **changes)
    known = () if leased_until is None else (leased_until,)
    for row in rows:
        # Until this is committed the lease before it may still stand.
        row.lease_ends += known
        transaction.on_commit(partial(setattr, row, "lease_ends", known))
    return count


@dataclasses.dataclass
class Turn:
    """A turn of work, and what became of it.

    `changes` are written when the rows are released. `keeps_leases` leaves them leased, for who
    releases them together with others. `retry` says when and why what failed is tried again,
    `delay` the same without the why, `error` what went wrong.
    """

    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    keeps_leases: bool = False
    went_well: bool = True
    retry: retry_policy.Retry | None = None
    delay: timedelta | None = None
    error: Exception | None = None


@contextmanager
def working_on(
    *rows: LeasedRow,
    organisation_id: int,
    clock: Clock,
    no_sooner: Callable[[Exception], timedelta] = lambda error: timedelta(0),
) -> Iterator[Turn]:
    """Do a turn of work on rows that were taken, and let go of them however it ends.

    What the block has not released by itself is released when it ends well. Where it fails the rows
    are put off, and where Xero has closed for the day the connection is paused; no error leaves the
    block. Rows whose lease was lost are left to who has it.

    :param no_sooner: how long to wait at least after an error.
    """
    turn = Turn()
    try:
        yield turn
    except LeaseLost:
        turn.went_well = False
        logger.info("Lost the lease on %s", ", ".join(str(row) for row in rows))
        # Of many rows some may be this worker's still.
        update_leased(*rows, leased_until=None)
    except Exception as error:
        turn.went_well, turn.error = False, error
        retry = retry_policy.after(error, attempts=max(row.attempts for row in rows))
        retry = dataclasses.replace(retry, delay=max(retry.delay, no_sooner(error)))
        now = clock()
        day_limit.pause(organisation_id=organisation_id, error=error, now=now)
        waiting = rows[0].columns_when_put_off(until=now + retry.delay, why=retry.why, now=now)
        waiting["attempts"] = F("attempts") + 1
        if update_leased(*rows, leased_until=None, **waiting):
            turn.retry, turn.delay = retry, retry.delay
    else:
        if not turn.keeps_leases:
            update_leased(*rows, leased_until=None, attempts=0, **turn.changes)
