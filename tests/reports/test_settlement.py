"""What was paid, refunded, credited or used: every row and every total adds up, on every side.

Lists of credits tell neither refunds nor uses, so both are derived; the same on pages and in files.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Portal
from tests.support import builders as people
from tests.support import document_builders, page_reading, report_rows

pytestmark = pytest.mark.django_db

# By number: total, paid or refunded, credited or used, due or left.
EXPECTED = {
    "INV-1": ("100.00", "30.00", "5.00", "65.00"),
    "CN-UNUSED": ("90.00", "0.00", "0.00", "90.00"),
    "CN-USED": ("80.00", "0.00", "50.00", "30.00"),
    "CN-BOTH": ("110.00", "12.50", "47.50", "50.00"),
    "PRE-REFUNDED": ("0.1250", "0.1250", "0.00", "0.00"),
    "CN-VOIDED": ("40.00", "0.00", "0.00", "0.00"),
    "CN-DRAFT": ("20.00", "0.00", "0.00", "20.00"),
}
OUT = {"CN-VOIDED", "CN-DRAFT"}


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """An organisation with a credit of each sort; none carries what Xero's lists leave out."""
    organisation = document_builders.make_organisation(portal)
    contact = document_builders.make_linked(people.make_learner(portal, number="L1"), organisation)

    def make(number: str, kind: Kind = Kind.CREDIT_NOTE, **fields: Any) -> Any:
        return document_builders.make_document(
            organisation, contact_xero_id=contact, number=number, kind=kind, **fields
        )

    invoice = make("INV-1", Kind.INVOICE, total="100", amount_paid="30", amount_credited="5")
    document_builders.make_payment(invoice, "30")
    make("CN-UNUSED", total="90")
    # Applied to an invoice that is not here, and its own list of allocations was cut short.
    make("CN-USED", total="80", amount_due="30")
    both = make("CN-BOTH", total="110", amount_due="50")
    document_builders.make_payment(both, "10")
    document_builders.make_payment(both, "2.50")
    document_builders.apply_credit(both, invoice, "47.50")
    refunded = make("PRE-REFUNDED", Kind.PREPAYMENT, total="0.1250", amount_due="0", status="PAID")
    document_builders.make_payment(refunded, "0.1250")
    make("CN-VOIDED", total="40", amount_due="0", status="VOIDED")
    make("CN-DRAFT", total="20", amount_due="20", status="DRAFT")
    return organisation


def run(portal: Portal, *args: str) -> str:
    """Return what the command writes to standard output."""
    out = io.StringIO()
    call_command("report_0442", portal.slug, *args, stdout=out)
    return out.getvalue()


def test_csv_says_what_was_refunded_and_used(portal: Portal, organisation: Organisation) -> None:
    rows = csv.DictReader(io.StringIO(run(portal), newline=""))

    found = {
        row["Number"]: (row["Total"], row["Paid"], row["Credited"], row["Due or credit left"])
        for row in rows
    }

    assert found == EXPECTED


def test_json_says_what_was_refunded_and_used(portal: Portal, organisation: Organisation) -> None:
    report = json.loads(run(portal, "--format", "json"))

    names = ("total", "amount_paid", "amount_credited", "amount_due")
    found = {row["number"]: tuple(row[name] for name in names) for row in report["rows"]}

    assert found == EXPECTED
    credit_notes = next(total for total in report["totals"] if total["kind"] == "CREDIT_NOTE")
    assert (credit_notes["amount_paid"], credit_notes["amount_credited"]) == ("12.50", "97.50")


def test_workbook_says_what_was_refunded_and_used(
    portal: Portal, organisation: Organisation, tmp_path: Path
) -> None:
    path = tmp_path / "report.xlsx"
    run(portal, "--format", "xlsx", "--output", str(path))

    book = openpyxl.load_workbook(path)
    heading, *lines = book["Documents"].iter_rows(values_only=True)
    places = [heading.index(name) for name in ("Number", "Total", "Paid", "Credited")]
    found = {line[places[0]]: [line[place] for place in places[1:]] for line in lines}
    totals = list(book["Totals"].iter_rows(values_only=True))

    assert found == {
        number: [float(amount) for amount in amounts[:3]] for number, amounts in EXPECTED.items()
    }
    credit_notes = dict(zip(totals[0], totals[2], strict=True))
    settled = credit_notes["Paid or refunded"], credit_notes["Credited or used"]
    assert settled == (12.5, 97.5)


def test_rows_add_up_but_for_drafts_and_voided_ones_and_totals_all(
    organisation: Organisation,
) -> None:
    criteria = report_rows.criteria_of(organisation)
    rows, totals = report_rows.rows_of(criteria), report_rows.totals_of(criteria)

    for row in rows:
        if row["number"] not in OUT:
            settled = row["amount_paid"] + row["amount_credited"]
            assert row["total"] - settled == row["amount_due"]
    assert len(totals) == 3
    for total in totals:
        out = total.cancelled_total + total.unapproved_total
        settled = total.amount_paid + total.amount_credited
        assert total.total - out - settled == total.amount_due
    assert sum(row["net_due"] for row in rows) == sum(total.net for total in totals)


def test_pages_say_the_same(portal: Portal, organisation: Organisation) -> None:
    client = people.client_of(people.make_user(portal, accounts=True))
    learner = portal.learners.get()

    text = page_reading.text_of(page_reading.page_of(client, learner))
    report = client.get("/reports/0442/", {"date_from": "", "date_to": ""}).content.decode()

    # A row says the total and what is left; what was refunded and used opens beneath it.
    shown = {number: text.partition(f" {number} Credit note ")[2] for number in EXPECTED}
    for number, line, amounts in (
        ("CN-USED", "20 Nov 2026 Partly used 80.00 30.00 left", ("0.00", "50.00", "30.00")),
        (
            "CN-BOTH",
            "20 Nov 2026 Partly used and refunded to INV-1 47.50 110.00 50.00 left",
            ("12.50", "47.50", "50.00"),
        ),
        ("CN-VOIDED", "20 Nov 2026 Voided 40.00 0.00", ("0.00", "0.00", "0.00")),
    ):
        refunded, used, left = amounts
        assert shown[number].startswith(f"{line} Open PDF of {number} ")
        assert (
            f"Refunded {refunded} Used {used} Credit left {left} "
            in shown[number].partition(" Refunds and use ")[2][:200]
        )
    assert "Credit notes AUD 5 340.00 40.00 in 1 20.00 in 1 12.50 97.50 170.00" in (
        page_reading.text_of(report)
    )


def test_document_page_says_the_same(portal: Portal, organisation: Organisation) -> None:
    client = people.client_of(people.make_user(portal))
    credit = organisation.documents.get(number="CN-USED")

    html = client.get(reverse("document_detail", args=[credit.id])).content.decode()

    text = page_reading.text_of(html)
    _, _, amounts = text.partition("Amounts in AUD ")
    assert "Refunded 0.00 Used 50.00 Credit left 30.00 " in amounts
