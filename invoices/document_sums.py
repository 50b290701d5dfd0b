"""Sums of documents that are kept, so that a report over a million of them reads some hundred rows.

Triggers append what each statement changed (`DocumentSumChange`) in the transaction that changes
documents. `add_up` moves these into the sums of days and of months; whoever reads takes both, in
one statement, and so sees what is committed, whether it was moved or not. `mend` holds all of it
against the documents themselves, in one statement as well, and appends what differs.

A cell is a group of documents that the report never tells apart. The same columns come from the
sums (`kept_cells`) or from documents one by one (`cells_of`), for filters the sums know nothing of.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.fields import DateField, IntegerField

from connected_apps.models import Organisation
from invoices import settlement
from invoices.models import Kind

BATCH = 20_000
# The class of the advisory lock that one who adds up holds.
_ADDING_LOCK = 7_714_003
_MAY_DIFFER = ("status", "amount_due", "amount_paid", "amount_credited", "refunded")
_OWN_NAMES: Mapping[str, str] = {}
_KEY = ("kind", "currency", "status", "date", "due_date")
_FIGURES = ("documents", "total", "amount_due", "amount_paid", "amount_credited", "refunded")
_LESS = ", ".join(f"-{name}" for name in _FIGURES)
_SUMMED = ", ".join(f"sum({name}) AS {name}" for name in _FIGURES)
_NAMES = ", ".join((*_KEY, *_FIGURES))
_IS_SOMETHING = " OR ".join(f"sum({name}) <> 0" for name in _FIGURES)


class Sql(NamedTuple):
    """A statement, or a part of one, and its parameters."""

    text: str
    parameters: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which documents of an organisation: by their dates, both ends included, and what they are."""

    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    kind: str = ""
    status: str = ""
    currency: str = ""
    # Open invoices that were due between these days, both included.
    due_from: datetime.date | None = None
    due_to: datetime.date | None = None


_CONDITIONS = {
    "kind": "kind = %s",
    "status": "status = %s",
    "currency": "currency = %s",
    "due_from": "due_date >= %s",
    "due_to": "due_date <= %s",
}


def kept_cells(organisation: Organisation, wanted: Wanted, *, today: datetime.date) -> Sql:
    """Return the cells of what is wanted from the sums: whole months, and the days beside them.

    `today` is where what is dated ahead begins: no cell lies on both sides of it.
    """
    parts = [
        part
        for first, last in _either_side_of(today, wanted)
        for part in _parts(first, last, undated=wanted.date_from is wanted.date_to is None)
    ]
    asked = {name: getattr(wanted, name) for name in _CONDITIONS}
    narrow = "".join(f" AND {_CONDITIONS[name]}" for name, value in asked.items() if value)
    values = tuple(value for value in asked.values() if value)
    texts, parameters = [], []
    for table, condition, own in (*parts, _changes(wanted)):
        # Only names and conditions of this module are put together here.
        texts.append(
            f"SELECT {_NAMES} FROM {table} WHERE organisation_id = %s AND {condition}{narrow}"  # noqa: S608
        )
        parameters += [organisation.pk, *own, *values]
    return Sql(" UNION ALL ".join(texts), tuple(parameters))


def cells_of(
    documents: "QuerySet[Any]", *, most: int | None = None, names: Mapping[str, str] = _OWN_NAMES
) -> Sql:
    """Return documents one by one as cells; no more than `most`, in no order.

    :param names: what of the query stands for a field, where it is not the field itself.
    """
    status, due, paid, credited, back = (names.get(name, name) for name in _MAY_DIFFER)
    is_open = {"kind": Kind.INVOICE, status: "AUTHORISED", f"{due}__gt": 0}
    if back == "refunded":
        documents = documents.annotate(refunded=settlement.REFUNDED_OF_CREDIT)
    rows = (
        documents.order_by()
        .annotate(
            open_due=Case(When(**is_open, then=F("due_date")), output_field=DateField()),
            one=Value(1, output_field=IntegerField()),
        )
        .values_list(
            *("kind", "currency", status, "date", "open_due"),
            *("one", "total", due, paid, credited, back),
        )
    )
    text, parameters = rows.query.sql_with_params()
    limit = "" if most is None else f" LIMIT {most:d}"
    found = f"SELECT * FROM ({text}) AS found ({_NAMES}){limit}"  # noqa: S608 - Django's own
    return Sql(found, parameters)


def less(cells: Sql) -> Sql:
    """Return the same cells with all figures turned round, so that they take away."""
    found = f"SELECT {', '.join(_KEY)}, {_LESS} FROM ({cells.text}) AS turned"  # noqa: S608 - as above
    return Sql(found, cells.parameters)


def together(*parts: Sql) -> Sql:
    """Return the cells of all parts."""
    return Sql(
        " UNION ALL ".join(f"({part.text})" for part in parts),
        tuple(value for part in parts for value in part.parameters),
    )


def add_up(*, most: int = BATCH) -> int:
    """Move changes into the sums of days and months; return how many, 0 where another one does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADDING_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_ADD_UP, [most])
        moved: int = cursor.fetchone()[0]
        if moved:
            cursor.execute(_FORGET)
    return moved


def mend(organisation: Organisation) -> int:
    """Append what sums and documents differ by; return how many cells did: 0 where all is well."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Months are held against days, which must not move meanwhile. Writers do not wait for it.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADDING_LOCK])
        cursor.execute(_MEND, [organisation.pk] * 4)
        differing: int = cursor.rowcount
        cursor.execute(_MEND_MONTHS, [organisation.pk] * 3)
        differing += cursor.rowcount
    return differing


def _added(grain: str, day: str, *, condition: str = "TRUE") -> str:
    key = "organisation_id, grain, date, kind, currency, status, due_date"
    more = ", ".join(f"{name} = kept.{name} + EXCLUDED.{name}" for name in _FIGURES)
    return f"""
        INSERT INTO invoices_documentsum AS kept ({key}, {", ".join(_FIGURES)})
        SELECT organisation_id, '{grain}', {day}, kind, currency, status, due_date, {_SUMMED}
        FROM taken WHERE {condition}
        GROUP BY organisation_id, {day}, kind, currency, status, due_date HAVING {_IS_SOMETHING}
        ON CONFLICT ({key}) DO UPDATE SET {more}
        RETURNING 1
    """  # noqa: S608 - names of this module


_ADD_UP = f"""
    WITH taken AS (
        DELETE FROM invoices_documentsumchange WHERE id IN (
            SELECT id FROM invoices_documentsumchange ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
        ) RETURNING *
    ),
    days AS ({_added("D", "date", condition="date IS NOT NULL")}),
    months AS ({_added("M", "date_trunc('month', date)::date")})
    SELECT count(*) FROM taken
"""  # noqa: S608 - names of this module
_IS_NOTHING = " AND ".join(f"{name} = 0" for name in _FIGURES)
_FORGET = f"DELETE FROM invoices_documentsum WHERE {_IS_NOTHING}"  # noqa: S608 - as above
_OPEN_DUE = (
    "CASE WHEN kind = 'INVOICE' AND status = 'AUTHORISED' AND amount_due > 0 THEN due_date END"
)
# One statement sees one moment: nothing that is being written meanwhile can look like a fault.
_MEND = f"""
    WITH documents AS (
        SELECT kind, currency, status, date, {_OPEN_DUE} AS due_date, 1 AS documents, total,
               amount_due, amount_paid, amount_credited, coalesce((
                   SELECT sum(payment.amount) FROM invoices_payment AS payment
                   WHERE payment.document_id = document.id AND document.kind <> 'INVOICE'
               ), 0) AS refunded
        FROM invoices_document AS document WHERE organisation_id = %s
    ),
    kept AS (
        SELECT {_NAMES} FROM invoices_documentsum
        WHERE organisation_id = %s AND (grain = 'D' OR date IS NULL)
        UNION ALL
        SELECT {_NAMES} FROM invoices_documentsumchange WHERE organisation_id = %s
    )
    INSERT INTO invoices_documentsumchange (organisation_id, {_NAMES})
    SELECT %s, {", ".join(_KEY)}, {_SUMMED}
    FROM (SELECT {_NAMES} FROM documents UNION ALL SELECT {", ".join(_KEY)}, {_LESS} FROM kept) AS d
    GROUP BY {", ".join(_KEY)} HAVING {_IS_SOMETHING}
"""  # noqa: S608 - names of this module

_MEND_MONTHS = f"""
    INSERT INTO invoices_documentsum AS kept
        (organisation_id, grain, date, kind, currency, status, due_date, {", ".join(_FIGURES)})
    SELECT %s, 'M', date, kind, currency, status, due_date, {_SUMMED} FROM (
        SELECT kind, currency, status, date_trunc('month', date)::date AS date, due_date,
               {", ".join(_FIGURES)}
        FROM invoices_documentsum WHERE organisation_id = %s AND grain = 'D'
        UNION ALL
        SELECT {", ".join(_KEY)}, {_LESS}
        FROM invoices_documentsum WHERE organisation_id = %s AND grain = 'M' AND date IS NOT NULL
    ) AS d
    GROUP BY {", ".join(_KEY)} HAVING {_IS_SOMETHING}
    ON CONFLICT (organisation_id, grain, date, kind, currency, status, due_date)
    DO UPDATE SET {", ".join(f"{name} = kept.{name} + EXCLUDED.{name}" for name in _FIGURES)}
"""  # noqa: S608 - names of this module


def _either_side_of(
    today: datetime.date, wanted: Wanted
) -> Iterator[tuple[datetime.date | None, datetime.date | None]]:
    first, last = wanted.date_from, wanted.date_to
    tomorrow = today + datetime.timedelta(days=1)
    if first is None or first <= today:
        yield first, today if last is None else min(last, today)
    if last is None or last >= tomorrow:
        yield tomorrow if first is None else max(first, tomorrow), last


_Part = tuple[str, str, Sequence[Any]]
_DAYS, _MONTHS = "grain = 'D'", "grain = 'M'"
# The calendar ends with it; its days are taken one by one.
_LAST_MONTH = datetime.date(9999, 12, 1)


def _parts(
    first: datetime.date | None, last: datetime.date | None, *, undated: bool
) -> Iterator[_Part]:
    """Yield whole months, and the days that are left at both ends."""
    table, day = "invoices_documentsum", datetime.timedelta(days=1)
    if undated and first is None:
        yield table, f"{_MONTHS} AND date IS NULL", ()
    month_from = None if first is None else _month_from(first)
    month_to = None if last is None else _month_to(last)
    if month_from and month_to and month_from > month_to:
        yield table, f"{_DAYS} AND date BETWEEN %s AND %s", (first, last)
        return
    if first and month_from and first < month_from:
        yield table, f"{_DAYS} AND date BETWEEN %s AND %s", (first, month_from - day)
    yield (
        table,
        f"{_MONTHS} AND date >= %s AND date < %s",
        (month_from or datetime.date.min, month_to or datetime.date.max),
    )
    if last and month_to and month_to <= last:
        yield table, f"{_DAYS} AND date BETWEEN %s AND %s", (month_to, last)


def _month_from(day: datetime.date) -> datetime.date:
    """Return the first day of the first month that begins on the day or after it."""
    if day.day == 1 or day >= _LAST_MONTH:
        return day if day.day == 1 else datetime.date.max
    return (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)


def _month_to(day: datetime.date) -> datetime.date:
    """Return the first day after the last month that ends on the day or before it."""
    if day >= _LAST_MONTH:
        return _LAST_MONTH
    return (day + datetime.timedelta(days=1)).replace(day=1)


def _changes(wanted: Wanted) -> _Part:
    conditions, values = ["TRUE"], []
    for name, sign in (("date_from", ">="), ("date_to", "<=")):
        bound = getattr(wanted, name)
        if bound is not None:
            conditions.append(f"date {sign} %s")
            values.append(bound)
    return "invoices_documentsumchange", " AND ".join(conditions), values
