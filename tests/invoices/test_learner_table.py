"""What a learner's table can do: order, narrow, open a row in place; and the picture beside it."""

import datetime
import re
from decimal import Decimal

import pytest
from django.test import Client

from connected_apps.models import Organisation
from invoices.models import Document, Kind, Payment
from invoices.pages import balance_chart, balance_history
from lrm.models import Learner
from tests.support import document_builders as documents
from tests.support import page_reading

TODAY = documents.TODAY
DAY = datetime.timedelta(days=1)


def shown(html: str) -> list[str]:
    """Return the names of the rows, in their order."""
    return re.findall(r'id="document-\d+" href="[^"]+">([^<]+)</a>', html)


@pytest.fixture
def three(organisation: Organisation, learner: Learner) -> None:
    contact = documents.make_linked(learner, organisation)
    one_day = datetime.date(2199, 1, 1)
    for number, days, total, kind, due in (
        ("INV-2", 0, "10", Kind.INVOICE, one_day),
        ("INV-1", 40, "300", Kind.INVOICE, TODAY - 10 * DAY),
        ("CN-3", 20, "20", Kind.CREDIT_NOTE, one_day),
    ):
        documents.make_document(
            organisation,
            contact_xero_id=contact,
            number=number,
            date=TODAY - days * DAY,
            due_date=due,
            total=total,
            kind=kind,
        )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["INV-2", "CN-3", "INV-1"]),
        ({"sort": "oldest"}, ["INV-1", "CN-3", "INV-2"]),
        ({"sort": "number"}, ["CN-3", "INV-1", "INV-2"]),
        ({"sort": "total"}, ["INV-1", "CN-3", "INV-2"]),
        ({"kind": "CREDITS"}, ["CN-3"]),
        ({"status": "overdue"}, ["INV-1"]),
        ({"date_from": str(TODAY - 20 * DAY)}, ["INV-2", "CN-3"]),
        ({"date_to": str(TODAY - 21 * DAY)}, ["INV-1"]),
        ({"sort": "nonsense"}, ["INV-2", "CN-3", "INV-1"]),
        ({"date_from": "31.12.2026"}, ["INV-2", "CN-3", "INV-1"]),
    ],
)
def test_table_is_ordered_and_narrowed_as_asked(
    client: Client, learner: Learner, three: None, query: dict[str, str], names: list[str]
) -> None:
    assert shown(page_reading.page_of(client, learner, **query)) == names


def test_wrong_day_is_said_at_the_field_and_in_the_title(
    client: Client, learner: Learner, three: None
) -> None:
    html = page_reading.page_of(client, learner, date_from="31.12.2026")

    assert "Enter a day such as 2026-07-01." in html
    assert "<title>Error: " in html
    assert "is-invalid" in html


def test_quick_filters_say_how_many_they_would_show(
    client: Client, learner: Learner, three: None
) -> None:
    text = page_reading.text_of(page_reading.page_of(client, learner))

    assert "All 3 Open 3 Overdue 1 Credits 1" in text


def test_row_opens_in_place_with_lines_payments_and_sums(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = documents.make_linked(learner, organisation)
    invoice = documents.make_document(
        organisation, contact_xero_id=contact, number="INV-1", amount_paid="12.34"
    )
    for n in range(14):
        invoice.line_items.create(position=n, description=f"Unit {n:02}", line_amount="5")
    documents.make_payment(invoice, "12.34", reference="EFT 77")

    html = page_reading.page_of(client, learner)

    opened = html.partition(f'<details id="more-{invoice.pk}">')[2].partition("</details>")[0]
    for words in ("Unit 00", "Unit 11", "EFT 77", "12.34", "97.66", "All lines of INV-1"):
        assert words in opened
    assert "Unit 12" not in opened


def test_row_opens_with_all_payments_of_a_long_plan(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    """Of two thousand on a page the newest were left out, and nobody was told."""
    contact = documents.make_linked(learner, organisation)
    invoice = documents.make_document(organisation, contact_xero_id=contact, total="9999")
    Payment.objects.bulk_create(
        Payment(document=invoice, date=TODAY - (n + 1) * DAY, amount=1) for n in range(2_000)
    )
    documents.make_payment(invoice, "12.34", reference="NEWEST")

    assert "NEWEST" in page_reading.page_of(client, learner)


def test_paid_up_learner_reads_one_sentence_and_no_zeros(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = documents.make_linked(learner, organisation)
    documents.make_document(organisation, contact_xero_id=contact, status="PAID")

    text = page_reading.text_of(page_reading.page_of(client, learner))

    balance = text.partition("Balance")[2].partition("Documents")[0]
    assert "Nothing is owed , and no credit is left" in balance
    assert "0.00" not in balance


def test_overdue_says_since_when_and_offers_the_invoice_that_is_due_first(
    client: Client, learner: Learner, three: None
) -> None:
    html = page_reading.page_of(client, learner)

    first = Document.objects.get(number="INV-1")
    assert "of which 300.00 overdue since 10 Nov 2026" in page_reading.text_of(html)
    assert f'id="view-first-due" href="/documents/{first.pk}/online/"' in html


def test_balance_over_time_ends_at_what_is_owed_less_credit_left(
    organisation: Organisation,
) -> None:
    for n in range(6):
        invoice = documents.make_document(
            organisation, total="100", amount_paid="40", date=TODAY - (60 - n) * DAY
        )
        payment = documents.make_payment(invoice, "30")
        payment.date = TODAY - 10 * DAY
        payment.save()
    credit = documents.make_document(
        organisation, kind=Kind.CREDIT_NOTE, total="50", amount_due="20", date=TODAY - 5 * DAY
    )
    documents.make_payment(credit, "30")
    documents.make_document(organisation, total="999", status="VOIDED")
    documents.make_document(organisation, total="999", status="DRAFT")
    documents.make_document(organisation, total="7", currency="NZD")

    (history,) = balance_history.histories_of(Document.objects.all(), today=TODAY)

    by_day = dict(history.points)
    assert history.currency == "AUD"
    assert by_day[TODAY - 55 * DAY] == Decimal(600)
    assert by_day[TODAY - 10 * DAY] == Decimal(420)
    # Of the sixty that Xero tells no day of, it counts today; the refund too.
    assert history.points[-1] == (TODAY, Decimal(600 - 240 - 50 + 30))


def test_picture_has_its_figures_beside_it_in_words(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = documents.make_linked(learner, organisation)
    for n in range(6):
        documents.make_document(
            organisation, contact_xero_id=contact, date=TODAY - 31 * n * DAY, total="100"
        )

    html = page_reading.page_of(client, learner)

    assert 'role="img" aria-label="AUD balance from ' in html
    assert "now 600.00." in html
    assert re.search(r'<th scope="row">Nov 2026</th><td class="amount">600.00</td>', html)


def test_handful_of_documents_has_no_picture(client: Client, learner: Learner, three: None) -> None:
    assert "Balance over time" not in page_reading.page_of(client, learner)


@pytest.mark.parametrize(
    "points",
    [((TODAY, Decimal(0)),), ((TODAY - DAY, Decimal("99999999999.99")), (TODAY, Decimal(-1)))],
)
def test_picture_of_odd_histories_stays_inside_its_frame(
    points: tuple[tuple[datetime.date, Decimal], ...],
) -> None:
    chart = balance_chart.chart_of(balance_history.History("AUD", points), today=TODAY)

    places = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", chart.area)]
    assert all(0 <= one <= balance_chart.WIDTH for one in places)
