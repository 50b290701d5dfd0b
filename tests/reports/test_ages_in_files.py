"""How old what is owed is: the same in JSON, the workbook, the API and on the page."""

import datetime
import io
import json
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Portal
from reports import totals
from tests.support import builders as people
from tests.support import document_builders as documents
from tests.support.page_tables import tables_of

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
# How many days overdue each approved invoice is, and what is due on it: every edge of an age.
OVERDUE = {-5: 1, 0: 2, 1: 4, 30: 8, 31: 16, 60: 32, 61: 64, 90: 128, 91: 256, 400: 512}
WITHOUT_DUE_DATE = 1024
AGES = [1 + 2 + WITHOUT_DUE_DATE, 4 + 8, 16 + 32, 64 + 128, 256 + 512]
NAMES = (
    *("not_due_yet", "overdue_1_to_30", "overdue_31_to_60"),
    *("overdue_61_to_90", "overdue_over_90"),
)


@pytest.fixture
def client(portal: Portal) -> Client:
    """Give somebody of accounts, where one document of each age and of no age stands."""
    organisation: Organisation = documents.make_organisation(portal)

    def make(total: int, days: int | None, **fields: Any) -> None:
        due = None if days is None else documents.today() - days * DAY
        fields = {"date": documents.today() - 500 * DAY, "due_date": due, **fields}
        documents.make_document(organisation, total=str(total), **fields)

    for days, total in OVERDUE.items():
        make(total, days)
    make(WITHOUT_DUE_DATE, None)
    make(7, 45, currency="NZD")
    make(100_000, 45, status="DRAFT")
    make(100_000, 45, status="VOIDED")
    make(100_000, 45, status="PAID")
    make(5, 45, kind=Kind.CREDIT_NOTE)
    return people.client_of(people.make_user(portal, accounts=True))


def bytes_of(client: Client, address: str) -> bytes:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return bytes(answer.getvalue())


def in_json(client: Client, address: str) -> dict[tuple[str, str], list[Decimal]]:
    rows = json.loads(bytes_of(client, address))["totals"]
    return {(one["kind"], one["currency"]): [Decimal(one[name]) for name in NAMES] for one in rows}


def in_workbook(client: Client, address: str) -> dict[tuple[str, str], list[Decimal]]:
    book = openpyxl.load_workbook(io.BytesIO(bytes_of(client, address)))
    headings, *lines = book["Totals"].values
    rows = [dict(zip(headings, line, strict=True)) for line in lines]
    names = [totals.AGES[0], *(f"{age} overdue" for age in totals.AGES[1:])]
    kinds = {f"{kind.label}s": kind.value for kind in Kind}
    return {
        (kinds[one["Kind"]], one["Currency"]): [Decimal(str(one[name])) for name in names]
        for one in rows
    }


def on_page(client: Client, address: str) -> dict[str, list[Decimal]]:
    table = tables_of(client.get(address).content.decode())[
        "What is owed, how long it is overdue, credit that is left, and what remains"
    ]
    return {row[0]: [Decimal(cell.replace(",", "")) for cell in row[2:7]] for row in table[1:]}


@pytest.mark.parametrize("query", ["", "&as_at={yesterday}"])
def test_ages_are_the_same_in_every_file_and_add_up(client: Client, query: str) -> None:
    asked = "?date_from=&date_to=" + query.format(yesterday=documents.today() - DAY)
    # Yesterday what is one day older today was a day younger.
    expected = AGES if not query else [AGES[0] + 4, 8 + 16, 32 + 64, 128 + 256, 512]

    found = in_json(client, f"/reports/0442.json{asked}")

    assert found["INVOICE", "AUD"] == expected
    assert found["INVOICE", "NZD"] == [0, 0, 7, 0, 0]
    assert found["CREDIT_NOTE", "AUD"] == [0] * 5
    assert in_workbook(client, f"/reports/0442.xlsx{asked}") == found
    api = asked.replace("date_from=&date_to=&", "").replace("date_from=&date_to=", "")
    assert in_json(client, f"/api/v1/reports/0442/totals/{api}") == found
    shown = on_page(client, f"/reports/0442/{asked}")
    assert shown == {one: found["INVOICE", one] for one in ("AUD", "NZD")}
