"""Report #0442 by API: the same rows and the same totals as its page and its files."""

import datetime
import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from connected_apps.models import Organisation
from invoices.models import Document, Kind
from lrm.models import LrmRole, Portal
from tests.support import api_client, builders, document_builders
from tests.support.api_client import Program

pytestmark = pytest.mark.django_db
ROWS, TOTALS, FILE = "reports/0442/", "reports/0442/totals/", "/reports/0442.json"


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


@pytest.fixture
def program(portal: Portal) -> Program:
    return api_client.program_of(builders.make_user(portal, accounts=True))


def books(portal: Portal, organisation: Organisation) -> None:
    """Store documents of every kind and status, in two currencies, some of a learner's."""
    learner = builders.make_learner(portal, number="T9", family_name="Quandong")
    contact_id = document_builders.make_linked(learner, organisation)
    statuses = ("AUTHORISED", "PAID", "DRAFT", "VOIDED", "SUBMITTED")
    for n in range(40):
        document = document_builders.make_document(
            organisation,
            kind=list(Kind)[n % 4],
            status=statuses[n % 5],
            currency=("AUD", "NZD")[n % 3 == 0],
            total=f"{n}.{n:02}",
            date=datetime.date(2026, 1 + n % 12, 1),
            due_date=datetime.date(2026, 1 + n % 12, 15),
            contact_xero_id=contact_id if n % 2 else None,
        )
        if n % 4 and n % 5 == 1:
            document_builders.make_payment(document, "0.01")


QUERIES = [
    "",
    "date_from=2026-03-01&date_to=2026-09-30",
    "kind=CREDIT_NOTE",
    "status=AUTHORISED&currency=NZD",
    "age=overdue",
    "learner=T9",
    "q=quandong",
    "no_learner=on",
    "by=synced&date_from=2026-11-20",
    "as_at=2026-05-31",
    "as_at=2026-09-30&age=overdue",
]


@pytest.mark.parametrize("query", QUERIES)
def test_rows_and_totals_are_those_of_the_page_and_the_file(
    portal: Portal, organisation: Organisation, query: str
) -> None:
    books(portal, organisation)
    user = builders.make_user(portal, accounts=True)
    program = api_client.program_of(user)

    rows = program.read_to_the_end(f"{ROWS}?{query}&limit=7")
    totals = program.get(f"{TOTALS}?{query}").json()
    # The page asks for this year where it is asked for nothing.
    answer: Any = builders.client_of(user).get(f"{FILE}?{query or 'kind='}")
    file = json.loads(b"".join(answer.streaming_content))

    in_file = {one["xero_id"]: one for one in file["rows"]}
    assert rows
    assert {one["xero_id"] for one in rows} == in_file.keys()
    assert len(rows) == len(in_file)
    for row in rows:
        same = in_file[row["xero_id"]]
        for name in ("total", "amount_paid", "amount_credited", "amount_due", "currency", "date"):
            assert row[name] == same[name], name
        assert row["status_in_words"] == same["status_in_words"]
        assert "; ".join(one["number"] for one in row["learners"]) == same["learner_number"]
    assert totals["totals"] == file["totals"]
    added: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        added[row["kind"], row["currency"]] += Decimal(row["total"])
    assert {(one["kind"], one["currency"]): Decimal(one["total"]) for one in totals["totals"]} == (
        dict(added)
    )
    assert totals["filters"] == file["filters"]
    assert (totals["as_at"], totals["as_at_means"]) == (file["as_at"], file["as_at_means"])
    assert totals["freshness"]["condition"] == file["freshness"]["condition"]
    assert totals["current_as_of"] == file["current_as_of"]


def test_walk_meets_each_row_once_when_documents_move_meanwhile(
    program: Program, portal: Portal, organisation: Organisation
) -> None:
    books(portal, organisation)
    first = program.get(f"{ROWS}?limit=9").json()

    Document.objects.update(date=datetime.date(2020, 1, 1), total=1)
    rest = program.read_to_the_end(first["next"])

    ids = [one["id"] for one in first["results"] + rest]
    assert sorted(ids) == sorted(Document.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    "query",
    [
        "date_from=2026-09-01&date_to=2026-01-01",
        "date_to=2026-02-31",
        "kind=BILL",
        "status=LATE",
        "age=100",
        "as_at=2999-01-01",
        "as_at=2026-05-31&include=payments",
        "currency=XXX",
        "currency=DOLLARS",
        "learner=nobody",
        "no_learner=perhaps",
        "sort=total",
        "cursor=undated.1",
    ],
)
def test_filter_is_refused_by_name_when_it_cannot_be(
    program: Program, organisation: Organisation, query: str
) -> None:
    wrong = query.rpartition("&")[2].partition("=")[0]

    answer = program.get(f"{ROWS}?{query}")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [wrong]


def test_range_of_three_hundred_years_is_all_there_is(
    program: Program, portal: Portal, organisation: Organisation
) -> None:
    books(portal, organisation)

    rows = program.get(f"{ROWS}?date_from=1800-01-01&date_to=2100-12-31&limit=200").json()

    assert len(rows["results"]) == 40


def test_report_is_for_those_who_may_read_its_page(portal: Portal) -> None:
    neighbour = builders.make_portal("Saltbush")
    theirs = document_builders.make_organisation(neighbour)
    books(neighbour, theirs)
    document_builders.make_organisation(portal)

    def ask(path: str, **rights: Any) -> Any:
        return api_client.program_of(builders.make_user(portal, **rights)).get(path)

    for path in (ROWS, TOTALS):
        assert ask(path).status_code == 403
        assert ask(path, accounts=True).status_code == 200
        assert ask(path, portal_admin=True, role=LrmRole.NONE).status_code == 200
    assert ask(ROWS, accounts=True).json()["results"] == []
    assert ask(TOTALS, accounts=True).json()["totals"] == []
    assert ask(f"{ROWS}?learner=T9", accounts=True).status_code == 400


def test_nothing_is_reported_before_anything_is_connected(program: Program) -> None:
    for path in (ROWS, TOTALS):
        answer = program.get(path)
        assert answer.status_code == 409
        assert "not connected" in answer.json()["detail"]
