"""Xero's books in, every number of report #0442 out: counted by code that shares nothing with it.

What is expected is worked out here, from the pretend Xero's own books, in plain arithmetic. What is
compared is what people have: the tables of page and picture, the dashboard, the CSV, the workbook
and the JSON.
"""

import csv
import datetime
import io
import json
import re
import zoneinfo
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.cache import cache
from django.test import Client

from tests.support import builders, page_reading
from tests.support.linked import Linked, clock
from tests.support.page_tables import tables_of
from tests.support.resyncs import ask
from xero_sync.models import RunState

KINDS = {
    "ACCREC": "Invoice",
    "ACCRECCREDIT": "Credit note",
    "RECEIVE-OVERPAYMENT": "Overpayment",
    "RECEIVE-PREPAYMENT": "Prepayment",
}
AGES = ("Not due yet", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
ALL = {"date_from": "", "date_to": ""}
DASH = "\u2013"
Books = list[dict[str, Any]]


@pytest.fixture
def counted(linked: Linked) -> Linked:
    """Give a portal with all documents, some of which are dated ahead or of another sort."""
    cache.clear()
    assert linked.work(ask(linked, days=5000)).state == RunState.DONE
    return linked


def sales_of(linked: Linked) -> Books:
    """Return the sales documents of the books, with what the report must say of each."""
    today = clock().astimezone(zoneinfo.ZoneInfo("Australia/Sydney")).date()
    return [
        {**row, "expected": expected_of(row, today)}
        for row in linked.books()["documents"]
        if row["type"] in KINDS
    ]


def expected_of(row: dict[str, Any], today: datetime.date) -> dict[str, Any]:
    """Work out one document."""
    is_invoice = row["type"] == "ACCREC"
    left = Decimal(row["amount_due"] if is_invoice else row["remaining_credit"])
    paid, used = Decimal(row["amount_paid"]), Decimal(row["amount_credited"])
    is_open = row["status"] == "AUTHORISED" and left > 0
    late = 0
    if is_invoice and is_open and row["due_date"]:
        late = max(0, (today - datetime.date.fromisoformat(row["due_date"])).days)
    return {
        "kind": KINDS[row["type"]],
        "total": Decimal(row["total"]),
        "paid": paid,
        "used": used,
        "left": left,
        "late": late,
        "counts": row["status"] in {"AUTHORISED", "PAID"},
        "words": words_of(row["status"], is_invoice, left, paid, used, late),
    }


def words_of(
    status: str, is_invoice: bool, left: Decimal, paid: Decimal, used: Decimal, late: int
) -> str:
    """Say how a document stands."""
    plain = {"DRAFT": "Draft", "SUBMITTED": "Awaiting approval"}
    plain |= {"VOIDED": "Voided", "DELETED": "Deleted"}
    if status in plain:
        return plain[status]
    if not is_invoice:
        done = {(True, True): "Used and refunded", (True, False): "Refunded"}
        what = done.get((paid > 0, used > 0), "Used")
        if left > 0:
            return f"Partly {what.lower()}" if paid + used > 0 else "Unused"
        return what
    if status == "PAID":
        return "Paid"
    part = "Part paid" if paid > 0 else "Part credited" if used > 0 else ""
    if late:
        days = f"{late} day{'' if late == 1 else 's'}"
        return f"{part}, overdue by {days}" if part else f"Overdue by {days}"
    return part or "Awaiting payment"


def equations_of(books: Books) -> dict[tuple[str, str], list[Decimal]]:
    """Work out the row of totals of each kind and currency: count, then the equation."""
    found: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 7)
    for row in books:
        one = row["expected"]
        cells = [Decimal(1), one["total"], *[Decimal(0)] * 5]
        if row["status"] in {"VOIDED", "DELETED"}:
            cells[2] = one["total"]
        elif not one["counts"]:
            cells[3] = one["total"]
        else:
            cells[4:] = [one["paid"], one["used"], one["left"]]
        key = one["kind"], row["currency"]
        found[key] = [a + b for a, b in zip(found[key], cells, strict=True)]
    return dict(found)


def owed_of(books: Books) -> dict[str, list[Decimal]]:
    """Work out what is owed in each currency: in all, by five ages, credit left, and the rest."""
    found: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 8)
    for row in books:
        one, cells = row["expected"], found[row["currency"]]
        if not one["counts"]:
            continue
        if one["kind"] == "Invoice":
            late = one["late"]
            age = 0 if not late else 1 + (late > 30) + (late > 60) + (late > 90)
            cells[0] += one["left"]
            cells[1 + age] += one["left"]
        else:
            cells[6] += one["left"]
        cells[7] = cells[0] - cells[6]
    return dict(found)


def stood_on(row: dict[str, Any], credits: Books, day: str) -> list[Decimal]:
    """Work out what was due on a day, forwards from the total: all that was dated until then."""
    is_invoice = row["type"] == "ACCREC"
    taken = [each["amount"] for each in row["payments"].values() if each["date"] <= day]
    for credit in credits if is_invoice else [row]:
        for each in credit["allocations"].values():
            is_of_it = not is_invoice or each["invoice_id"] == row["xero_id"]
            if is_of_it and max(each["date"], credit["date"]) <= day:
                taken.append(each["amount"])
    left = Decimal(row["total"]) - sum(map(Decimal, taken))
    return [left, Decimal(0)] if is_invoice else [Decimal(0), left]


def owed_on(books: Books, day: str) -> dict[str, list[Decimal]]:
    """Work out for each currency what was owed on a day, and what of credits was left."""
    credits = [row for row in books if row["type"] != "ACCREC" and row["expected"]["counts"]]
    found: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for row in books:
        if row["date"] <= day and row["expected"]["counts"]:
            sums = zip(found[row["currency"]], stood_on(row, credits, day), strict=True)
            found[row["currency"]] = [a + b for a, b in sums]
    return {currency: cells for currency, cells in found.items() if any(cells)}


def owed_on_dashboard(client: Client) -> dict[str, list[Decimal]]:
    """Read off the dashboard what is owed, overdue and unused in each currency, then its ages.

    Of currencies beyond the third it has no ages.
    """
    html = client.get("/").content.decode()
    cards = page_reading.text_of(html.partition("<main")[2])
    others = page_reading.text_of(html.partition('id="owed-others">')[2].partition("</section>")[0])
    amount = r"(-?[\d,]+\.\d+)"
    found = {}
    for part in cards.split("Owed by age, ")[1:]:
        sums = [f"{amount} \\w+ owed", f"{amount} overdue", f"{amount} credit is not used"]
        ages = [f"{age} {amount}" for age in AGES]
        found[part[:3]] = [number(first_in(one, part)) for one in (*sums, *ages)]
    line = rf"([A-Z]{{3}}) (?:{amount} overdue )?(?:{amount} credit not used )?{amount}(?= |$)"
    for currency, overdue, credit, owed in re.findall(line, others):
        found[currency] = [number(each or "0") for each in (owed, overdue, credit)]
    return found


def first_in(pattern: str, text: str) -> str:
    """Return the amount that a pattern finds first; nothing where it finds none."""
    match = re.search(pattern, text)
    return match[1] if match else "0"


def number(text: str) -> Decimal:
    """Read an amount as people see it; a dash is nothing, and a remark behind it is left out."""
    first = text.split(" ")[0].replace(",", "")
    return Decimal(0) if first == DASH else Decimal(first)


def page(client: Client, **query: str) -> dict[str, list[list[str]]]:
    """Return the tables of the page."""
    return tables_of(client.get("/reports/0442/", query).content.decode())


def file(client: Client, ending: str, **query: str) -> bytes:
    """Return a download."""
    return b"".join(client.get(f"/reports/0442{ending}", query))


def totals_on_page(tables: dict[str, list[list[str]]]) -> dict[tuple[str, str], list[Decimal]]:
    """Read the equations off the page."""
    rows = tables["Totals of the listed documents for each kind and currency"][1:]
    return {(row[0].removesuffix("s"), row[1]): [number(cell) for cell in row[2:]] for row in rows}


def owed_on_page(tables: dict[str, list[list[str]]]) -> dict[str, list[Decimal]]:
    """Read off the page what is owed."""
    caption = "What is owed, how long it is overdue, credit that is left, and what remains"
    return {row[0]: [number(cell) for cell in row[1:]] for row in tables[caption][1:]}


@pytest.mark.slow
def test_every_number_of_page_and_files_is_that_of_the_books(counted: Linked) -> None:
    client = builders.client_of(builders.make_user(counted.portal, accounts=True))
    books = sales_of(counted)
    equations, owed = equations_of(books), owed_of(books)
    years = Counter(row["date"][:4] for row in books)

    for total in equations.values():
        assert total[1] - sum(total[2:6]) == total[6]
    assert len(books) > 200
    assert len(years) > 1
    for query, some in [
        (ALL, books),
        (
            {"date_from": "2026-03-10", "date_to": "2026-10-05"},
            [row for row in books if "2026-03-10" <= row["date"] <= "2026-10-05"],
        ),
        ({**ALL, "age": "overdue"}, [row for row in books if row["expected"]["late"]]),
        ({**ALL, "currency": "AUD"}, [row for row in books if row["currency"] == "AUD"]),
        # Counted from the documents, not from the sums that are kept.
        ({**ALL, "by": "synced"}, books),
    ]:
        tables = page(client, **query)
        assert totals_on_page(tables) == equations_of(some), query
        assert owed_on_page(tables) == owed_of(some), query
    assert owed_on_page(page(client, **ALL)) == owed
    on_dashboard = owed_on_dashboard(client)
    assert len(on_dashboard) > 3
    assert on_dashboard == {
        currency: [cells[0], sum(cells[2:6]), cells[6], *cells[1:6]][: len(on_dashboard[currency])]
        for currency, cells in owed.items()
        if cells[0] or cells[6]
    }


@pytest.mark.slow
def test_what_was_owed_on_a_day_is_that_of_the_books_replayed_to_it(counted: Linked) -> None:
    client = builders.client_of(builders.make_user(counted.portal, accounts=True))
    books = sales_of(counted)
    days = sorted(
        {each["date"] for row in books for each in row["payments"].values()}
        | {each["date"] for row in books for each in row["allocations"].values()}
    )

    chosen = [days[0], days[len(days) // 3], days[-len(days) // 4], days[-1]]
    assert len({str(owed_on(books, day)) for day in chosen}) > 2
    for day in chosen:
        expected = owed_on(books, day)
        # From the sums that are kept, then from the documents one by one.
        for query in ({**ALL, "as_at": day}, {**ALL, "as_at": day, "by": "synced"}):
            seen = owed_on_page(page(client, **query))
            assert {k: [v[0], v[6]] for k, v in seen.items() if v[0] or v[6]} == expected, query
        rows = json.loads(file(client, ".json", **ALL, as_at=day))["rows"]
        assert all(row["date"] <= day for row in rows)
        for currency, cells in expected.items():
            net = sum(Decimal(row["net_due"]) for row in rows if row["currency"] == currency)
            assert net == cells[0] - cells[1]


@pytest.mark.slow
def test_every_row_of_every_file_is_that_of_the_books(counted: Linked) -> None:
    client = builders.client_of(builders.make_user(counted.portal, accounts=True))
    books = sales_of(counted)
    expected = sorted(
        (
            row["xero_id"],
            row["expected"]["kind"],
            row["number"],
            row["status"],
            row["expected"]["words"],
            row["date"],
            row["due_date"] or "",
            row["expected"]["late"],
            row["currency"],
            Decimal(row["sub_total"]),
            Decimal(row["total_tax"]),
            row["expected"]["total"],
            row["expected"]["paid"],
            row["expected"]["used"],
            row["expected"]["left"],
            row["contact"],
            row["contact_id"],
        )
        for row in books
    )

    as_csv = list(csv.DictReader(io.StringIO(file(client, ".csv", **ALL).decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(file(client, ".xlsx", **ALL)))
    heading, *lines = book["Documents"].iter_rows(values_only=True)
    in_sheet = [dict(zip(map(str, heading), line, strict=True)) for line in lines]
    as_json = json.loads(file(client, ".json", **ALL))

    assert sorted(row_of_csv(row) for row in as_csv) == expected
    assert sorted(row_of_sheet(row) for row in in_sheet) == expected
    assert sorted(row_of_json(row) for row in as_json["rows"]) == expected
    equations = equations_of(books)
    assert totals_of_json(as_json["totals"]) == equations
    assert totals_of_sheet(book["Totals"]) == equations
    net = sum((Decimal(row["Owed to us, credits with a minus"]) for row in as_csv), Decimal(0))
    assert net == sum(cells[7] for cells in owed_of(books).values())


@pytest.mark.slow
def test_picture_shows_the_invoices_of_the_books_month_by_month(counted: Linked) -> None:
    client = builders.client_of(builders.make_user(counted.portal, accounts=True))
    query = {"date_from": "2026-01-01", "date_to": "2026-12-31"}
    expected: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for row in sales_of(counted):
        one = row["expected"]
        if row["currency"] != "AUD" or row["date"][:4] != "2026" or not one["counts"]:
            continue
        cells = expected[datetime.date.fromisoformat(row["date"]).strftime("%B %Y")]
        if one["kind"] == "Invoice":
            cells[0] += one["total"]
            cells[1] += one["paid"] + one["used"]
            cells[2] += one["left"]
        else:
            cells[3] += one["total"]

    rows = page(client, **query)["AUD by month: approved invoices and credits by their dates"][1:]

    assert {row[0]: [number(cell) for cell in row[1:]] for row in rows} == dict(expected)


def cents(value: Any) -> Decimal:
    """Read an amount of a workbook, where it is a number."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def row_of_csv(row: dict[str, str]) -> tuple[Any, ...]:
    """Read a line of the CSV."""
    names = ("Subtotal", "Tax", "Total", "Paid", "Credited", "Due or credit left")
    return (
        *(row[name] for name in ("Xero ID", "Kind", "Number", "Status", "Status in words")),
        *(row["Date"], row["Due date"], int(row["Days overdue"]), row["Currency"]),
        *(Decimal(row[name]) for name in names),
        *(row["Contact"].removeprefix("'"), row["Contact ID"]),
    )


def row_of_sheet(row: dict[str, Any]) -> tuple[Any, ...]:
    """Read a line of the workbook."""
    names = ("Subtotal", "Tax", "Total", "Paid", "Credited", "Due or credit left")
    due = row["Due date"]
    texts = ("Xero ID", "Kind", "Number", "Status", "Status in words")
    return (
        *(row[name] or "" for name in texts),
        *(row["Date"].date().isoformat(), due.date().isoformat() if due else ""),
        *(row["Days overdue"], row["Currency"]),
        *(cents(row[name]) for name in names),
        *(row["Contact"], row["Contact ID"]),
    )


def row_of_json(row: dict[str, Any]) -> tuple[Any, ...]:
    """Read a row of the JSON."""
    names = ("sub_total", "total_tax", "total", "amount_paid", "amount_credited", "amount_due")
    kind = row["kind"].replace("_", " ").capitalize()
    return (
        *(row["xero_id"], kind, row["number"], row["status"], row["status_in_words"]),
        *(row["date"], row["due_date"] or "", row["days_overdue"], row["currency"]),
        *(Decimal(row[name]) for name in names),
        *(row["contact"], row["contact_id"]),
    )


def totals_of_json(totals: list[dict[str, Any]]) -> dict[tuple[str, str], list[Decimal]]:
    """Read the equations off the JSON."""
    names = (
        *("count", "total", "cancelled_total", "unapproved_total"),
        *("amount_paid", "amount_credited", "amount_due"),
    )
    return {
        (row["kind"].replace("_", " ").capitalize(), row["currency"]): [
            Decimal(row[name]) for name in names
        ]
        for row in totals
    }


def totals_of_sheet(sheet: Any) -> dict[tuple[str, str], list[Decimal]]:
    """Read the equations off the workbook."""
    _, *lines = sheet.iter_rows(values_only=True)
    return {(line[0].removesuffix("s"), line[1]): [cents(v) for v in line[2:9]] for line in lines}
