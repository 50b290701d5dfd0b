"""The fast path of lists, held against the general evaluator."""

import datetime
import random
from collections.abc import Callable
from typing import Any

import pytest

from xero_simulator import simulations
from xero_simulator.accounting_api import document_json, fast_path, fields, query
from xero_simulator.ledger import document_operations, ledgers, records
from xero_simulator.seeding import seed

ANCHOR = datetime.date(2026, 7, 1)
START = datetime.datetime(2024, 11, 1, tzinfo=datetime.UTC)
TYPES = ("ACCREC", "accpay", "ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT", "", "X")
SIGNS = ("==", "=", "<", "<=", ">", ">=", "!=")
ASKED = query.Asked(
    page=1,
    page_size=1000,
    where="",
    order="",
    since_ms=None,
    summary_only=False,
    include_archived=False,
    search="",
    four_decimals=False,
)


@pytest.fixture(scope="module")
def books() -> ledgers.Books:
    options = simulations.Options(seed=3, documents=900, contacts=60, anchor=ANCHOR)
    return next(iter(seed.build_simulation(options).organisations.values())).books


def evaluated(books: ledgers.Books, kind: str, asked: query.Asked) -> list[Any]:
    rows = query.modified_since(books.tables[kind].ordered, asked)
    return query.filter_and_sort(rows, asked, fields.of_documents(books, kind))


def fast(books: ledgers.Books, kind: str, asked: query.Asked) -> list[Any] | None:
    find_field = fields.of_documents(books, kind)
    return fast_path.rows_of(books.tables[kind], asked, find_field, document_json.ID_FIELD[kind])


def some_query(rng: random.Random, kind: str) -> query.Asked:
    clauses = [f'Type{rng.choice(("==", "=", "!="))}"{rng.choice(TYPES)}"'] * rng.choice((0, 1, 1))
    for _ in range(rng.randrange(3)):
        day = START + datetime.timedelta(days=rng.randrange(650))
        clock_time = rng.choice(("", "", ",10,30,00"))
        clauses.append(f"Date {rng.choice(SIGNS)} DateTime({day:%Y,%m,%d}{clock_time})")
    clauses += ['Status=="PAID"'] * (rng.random() < 0.1)
    rng.shuffle(clauses)
    since = START + datetime.timedelta(days=rng.randrange(650))
    id_field = document_json.ID_FIELD[kind]
    return ASKED._replace(
        where=rng.choice((" AND ", " && ", " AND ", " AND ", " OR ")).join(clauses),
        order=rng.choice(("", id_field, f"{id_field} ASC", f"{id_field} DESC", "Date")),
        since_ms=rng.choice((None, None, ledgers.to_ms(since))),
    )


def change_something(books: ledgers.Books, rng: random.Random) -> None:
    day = ANCHOR - datetime.timedelta(days=rng.randrange(500))
    operations: list[Callable[[str], object]] = [
        lambda each: document_operations.touch(books, each),
        lambda each: document_operations.redate(books, each, day),
    ]
    document = rng.choice(list(books.documents()))
    rng.choice(operations)(document.id)


@pytest.mark.parametrize("kind", records.KINDS)
@pytest.mark.parametrize("number", range(4))
def test_fast_path_agrees_with_the_evaluator_when_queries_are_random(
    books: ledgers.Books, kind: str, number: int
) -> None:
    rng = random.Random(f"{kind} {number}")
    answered = 0

    for _ in range(150):
        asked = some_query(rng, kind)
        found = fast(books, kind, asked)
        if found is not None:
            answered += 1
            assert found == evaluated(books, kind, asked), asked
        change_something(books, rng)

    assert answered >= 25


@pytest.mark.parametrize(
    "expression",
    [
        'Type=="ACCREC" AND Type=="ACCPAY"',
        'Type=="ACCREC" OR Date>=DateTime(2026,01,01)',
        'Type.StartsWith("ACC")',
        "Date!=null",
        "Date<DateTime(1,01,01)",
        "Date>DateTime(9999,12,31)",
        'Type=="ACCREC',
        'Kind=="ACCREC"',
        'Type=="ACCREC" AND Status=="PAID"',
    ],
)
def test_query_is_left_to_the_evaluator_when_it_is_not_one_of_the_commonest(
    books: ledgers.Books, expression: str
) -> None:
    assert fast(books, records.INVOICES, ASKED._replace(where=expression)) is None


@pytest.mark.parametrize("since_ms", [None, 0, ledgers.to_ms(START)])
def test_walk_in_the_order_of_ids_takes_the_fast_path(
    books: ledgers.Books, since_ms: int | None
) -> None:
    asked = ASKED._replace(
        where='Type=="ACCREC" AND Date>=DateTime(2024,01,01) AND Date<DateTime(2027,01,01)',
        order="InvoiceID ASC",
        since_ms=since_ms,
    )

    found = fast(books, records.INVOICES, asked)

    assert found
    assert found == evaluated(books, records.INVOICES, asked)
    assert fast(books, records.INVOICES, asked._replace(page=None)) is None


def test_arrangements_are_as_new_when_the_books_went_back(books: ledgers.Books) -> None:
    fresh = seed.build_simulation(
        simulations.Options(seed=3, documents=900, contacts=60, anchor=ANCHOR)
    )
    expected = next(iter(fresh.organisations.values())).books
    rng = random.Random(5)

    for _ in range(50):
        change_something(books, rng)
    books.reset()

    for kind, table in books.tables.items():
        for name, arranged in table.grouped.items():
            for group in {
                one for each in books.documents() for one in (each.type, each.contact_id)
            }:
                assert arranged.of(group) == expected.tables[kind].grouped[name].of(group)
