"""Report #0442 as a query: what it lists, its totals, its pages."""

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from connected_apps import financial_years
from connected_apps.models import Organisation
from invoices.listing import paging
from invoices.models import Document, Kind
from lrm.models import Portal
from reports import dashboard, export_query, synced_invoices
from reports.totals import RunningTotals, Total
from tests.support import builders as people
from tests.support import document_builders
from tests.support.report_rows import criteria_of, numbers_of, rows_of, totals_of

TODAY = document_builders.TODAY
DAY = datetime.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation that is reported on."""
    return document_builders.make_organisation(portal)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["F", "E", "D", "C", "B", "A"]),
        ({"date_from": TODAY - 2 * DAY}, ["E", "D", "C"]),
        ({"date_to": TODAY - 2 * DAY}, ["C", "B", "A"]),
        ({"date_from": TODAY - 3 * DAY, "date_to": TODAY - DAY}, ["D", "C", "B"]),
        ({"kind": "CREDIT_NOTE"}, ["B"]),
        ({"status": "VOIDED"}, ["C"]),
        ({"currency": "NZD"}, ["D"]),
        ({"kind": "CREDIT_NOTE", "currency": "NZD"}, []),
    ],
)
def test_report_lists_what_the_filters_ask_for_newest_first(
    organisation: Organisation, filters: dict[str, Any], expected: list[str]
) -> None:
    particulars: list[dict[str, Any]] = [
        {"number": "A", "date": TODAY - 4 * DAY},
        {"number": "B", "date": TODAY - 3 * DAY, "kind": Kind.CREDIT_NOTE},
        {"number": "C", "date": TODAY - 2 * DAY, "status": "VOIDED"},
        {"number": "D", "date": TODAY - DAY, "currency": "NZD"},
        {"number": "E", "date": TODAY},
        {"number": "F", "date": None, "status": "DRAFT"},
    ]
    for fields in particulars:
        document_builders.make_document(organisation, **fields)
    document_builders.make_document(
        document_builders.make_organisation(people.make_portal()), number="foreign"
    )

    assert numbers_of(criteria_of(organisation, **filters)) == expected


def test_row_appears_once_with_all_numbers_when_learners_share_a_payer(
    portal: Portal, organisation: Organisation
) -> None:
    first, second = (people.make_learner(portal, number=number) for number in ("L2", "L1"))
    contact = document_builders.make_linked(first, organisation)
    document_builders.link(second, organisation, contact)
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-1")
    document_builders.make_document(organisation, number="INV-2", date=TODAY - DAY)

    rows = rows_of(criteria_of(organisation))
    of_second = criteria_of(organisation, learner=second)

    assert [(row["number"], row["learner_number"]) for row in rows] == [
        ("INV-1", "L1; L2"),
        ("INV-2", ""),
    ]
    assert numbers_of(of_second) == ["INV-1"]


def test_totals_keep_kinds_and_currencies_apart_and_tell_cancelled_ones(
    organisation: Organisation,
) -> None:
    document_builders.make_document(
        organisation, total="100", amount_paid="30", amount_credited="5"
    )
    document_builders.make_document(organisation, total="0.10")
    document_builders.make_document(organisation, total="50", status="VOIDED", amount_due="50")
    document_builders.make_document(organisation, total="9", status="DRAFT")
    document_builders.make_document(organisation, total="7", currency="NZD")
    document_builders.make_document(organisation, total="20", amount_due="4", kind=Kind.CREDIT_NOTE)

    totals = totals_of(criteria_of(organisation))

    assert [(total.kind, total.currency) for total in totals] == [
        ("INVOICE", "AUD"),
        ("INVOICE", "NZD"),
        ("CREDIT_NOTE", "AUD"),
    ]
    assert totals[0] == Total(
        kind="INVOICE",
        currency="AUD",
        count=4,
        total=Decimal("159.10"),
        cancelled_count=1,
        cancelled_total=Decimal("50"),
        unapproved_count=1,
        unapproved_total=Decimal("9"),
        amount_paid=Decimal("30"),
        amount_credited=Decimal("5"),
        amount_due=Decimal("65.10"),
        not_due_yet=Decimal("65.10"),
    )
    assert totals[0].unexplained == 0
    assert totals[2].net == Decimal("-4")
    assert totals[2].amount_due == Decimal("4")


AMOUNT = st.decimals("-999999.99", "99999999999.99", places=2)
DOCUMENT = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(Kind)),
        "status": st.sampled_from(
            ["DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED", "DELETED", "NEW_WORD"]
        ),
        "currency": st.sampled_from(["AUD", "NZD", ""]),
        "total": AMOUNT,
        "amount_due": AMOUNT,
        "amount_paid": AMOUNT,
        "refunds": st.lists(AMOUNT, max_size=2),
        "date": st.sampled_from([TODAY, TODAY - DAY, None]),
        "due_date": st.sampled_from([TODAY + DAY, TODAY - 30 * DAY, TODAY - 31 * DAY, None]),
    }
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,  # The same documents in every run: chance finds no fault of another change.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(documents=st.lists(DOCUMENT, max_size=12))
def test_totals_by_sql_equal_the_rows_added_up_to_the_cent(
    organisation: Organisation, documents: list[dict[str, Any]]
) -> None:
    Document.objects.filter(organisation=organisation).delete()
    for fields in documents:
        particulars = {name: value for name, value in fields.items() if name != "refunds"}
        document = document_builders.make_document(organisation, **particulars)
        for amount in fields["refunds"]:
            document_builders.make_payment(document, amount)
    criteria = criteria_of(organisation)
    running = RunningTotals()

    rows = rows_of(criteria)
    for row in rows:
        amounts = [row[name] for name in ("total", "amount_paid", "amount_credited", "amount_due")]
        running.add(
            row["kind"], row["currency"], row["status"], row["days_overdue"], amounts=amounts
        )
    totals = totals_of(criteria)
    # The same by the documents themselves, as for filters of which no sums are kept.
    counted = totals_of(criteria_of(organisation, by_synced=True))

    assert totals == counted == running.in_order()
    net = {one.of.currency: one.of.net for one in dashboard.owed_of(organisation, today=TODAY)}
    by_rows: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_rows[row["currency"]] += row["net_due"]
    assert {key: each for key, each in by_rows.items() if each} == {
        key: each for key, each in net.items() if each
    }
    # Nothing has moved since today.
    assert totals_of(criteria_of(organisation, as_at=TODAY)) == totals_of(
        criteria_of(organisation, date_to=TODAY)
    )
    assert sum(total.count for total in totals) == len(rows) == len(documents)
    assert sum(total.total for total in totals) == sum(fields["total"] for fields in documents)


def test_pages_by_key_meet_without_gap_or_double_in_both_directions(
    organisation: Organisation,
) -> None:
    for n in range(23):
        on = None if n < 5 else TODAY - (n // 4) * DAY
        document_builders.make_document(organisation, number=f"N{n}", date=on)
    documents = synced_invoices.documents_of(criteria_of(organisation))
    everything = [document.id for document in documents]

    page = paging.page_of(documents, size=4)
    forwards = [document.id for document in page.documents]
    assert page.newer is None
    while page.older is not None:
        page = paging.page_of(documents, after=paging.edge_from(str(page.older)), size=4)
        forwards += [document.id for document in page.documents]
    backwards = [document.id for document in page.documents]
    while page.newer is not None:
        page = paging.page_of(documents, before=paging.edge_from(str(page.newer)), size=4)
        backwards = [*(document.id for document in page.documents), *backwards]

    assert forwards == everything
    assert backwards == everything


@pytest.mark.parametrize(
    "text",
    [
        *("", "nonsense", "2026-13-01.5", "2026-01-01", "2026-01-01.-5", "undated.", "9" * 99),
        *("٣.٣", "20260101.5", "1.5", "2026-01-01T00:00:00.5"),
    ],
)
def test_edge_is_none_when_the_address_holds_nonsense(text: str) -> None:
    assert paging.edge_from(text) is None


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-06-30", "2025-07-01", "2026-06-30"),
        ("2026-07-01", "2026-07-01", "2027-06-30"),
        ("2026-12-31", "2026-07-01", "2027-06-30"),
        ("2028-02-29", "2027-07-01", "2028-06-30"),
    ],
)
def test_financial_year_runs_from_july_to_june(day: str, first: str, last: str) -> None:
    year = financial_years.year_of(datetime.date.fromisoformat(day))

    assert [end.isoformat() for end in year] == [first, last]


def test_export_reads_in_batches_by_one_query(
    organisation: Organisation,
    portal: Portal,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contact = document_builders.make_linked(people.make_learner(portal), organisation)
    for _ in range(10):
        document_builders.make_document(organisation, contact_xero_id=contact)
    monkeypatch.setattr(export_query, "BATCH", 5)

    # Two savepoint statements and the cursor.
    with django_assert_max_num_queries(4):
        assert len(rows_of(criteria_of(organisation))) == 10
