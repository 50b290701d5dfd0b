"""Statuses in words, and which documents have an online invoice."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from invoices import amounts, online, words
from invoices.listing.document_rows import DocumentRow
from invoices.models import Kind
from tests.support import document_builders

TODAY = document_builders.TODAY
YESTERDAY = TODAY - datetime.timedelta(days=1)
LAST_MONTH = TODAY - datetime.timedelta(days=31)


def document(**fields: Any) -> DocumentRow:
    """Return the row of a document that is not stored."""
    return document_builders.make_row(**fields)


@pytest.mark.parametrize(
    ("fields", "text", "tone"),
    [
        ({"status": "DRAFT"}, "Draft", "idle"),
        ({"status": "SUBMITTED"}, "Awaiting approval", "busy"),
        ({"status": "SUBMITTED", "due_date": LAST_MONTH}, "Awaiting approval", "busy"),
        ({"status": "AUTHORISED"}, "Awaiting payment", "busy"),
        ({"status": "AUTHORISED", "due_date": TODAY}, "Awaiting payment", "busy"),
        ({"status": "AUTHORISED", "due_date": YESTERDAY}, "Overdue by 1 day", "bad"),
        ({"status": "AUTHORISED", "due_date": LAST_MONTH}, "Overdue by 31 days", "bad"),
        ({"status": "AUTHORISED", "amount_paid": "10"}, "Part paid", "warn"),
        ({"status": "AUTHORISED", "amount_credited": "0.01"}, "Part credited", "warn"),
        (
            {"status": "AUTHORISED", "amount_paid": "10", "due_date": YESTERDAY},
            "Part paid, overdue by 1 day",
            "bad",
        ),
        ({"status": "PAID", "amount_paid": "110", "due_date": LAST_MONTH}, "Paid", "idle"),
        ({"status": "VOIDED", "due_date": LAST_MONTH}, "Voided", "idle"),
        ({"status": "DELETED"}, "Deleted", "idle"),
        ({"status": "ON_HOLD", "due_date": LAST_MONTH}, "ON_HOLD", "idle"),
    ],
)
def test_invoice_status_is_in_words_for_every_state(
    fields: dict[str, Any], text: str, tone: str
) -> None:
    status = words.status_of(document(**fields), today=TODAY)

    assert (status.text, status.tone) == (text, tone)
    assert status.icon


@pytest.mark.parametrize("kind", [Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT])
@pytest.mark.parametrize(
    ("status", "left", "refunded", "text"),
    [
        ("DRAFT", "110", "0", "Draft"),
        ("AUTHORISED", "110", "0", "Unused"),
        ("AUTHORISED", "60", "0", "Partly used"),
        ("AUTHORISED", "60", "50", "Partly refunded"),
        ("AUTHORISED", "10", "50", "Partly used and refunded"),
        ("PAID", "0", "0", "Used"),
        ("PAID", "0", "110", "Refunded"),
        ("PAID", "0", "50", "Used and refunded"),
        ("VOIDED", "0", "0", "Voided"),
        ("SOMETHING_NEW", "10", "0", "SOMETHING_NEW"),
    ],
)
def test_credit_status_tells_used_from_refunded(
    kind: Kind, status: str, left: str, refunded: str, text: str
) -> None:
    credit = document(
        kind=kind, status=status, amount_due=left, refunded=refunded, due_date=LAST_MONTH
    )

    shown = words.status_of(credit, today=TODAY)

    assert shown.text == text


def test_document_is_named_by_kind_and_date_when_it_has_no_number() -> None:
    overpayment = document(kind=Kind.OVERPAYMENT, date=datetime.date(2026, 8, 3))

    assert words.name_of(overpayment) == "Overpayment of 3 Aug 2026"
    assert words.name_of(document(number="INV-1")) == "INV-1"
    assert words.name_of(document(number="", date=None)) == "Invoice"


@pytest.mark.parametrize("status", ["SUBMITTED", "AUTHORISED", "PAID"])
def test_online_invoice_is_offered_for_invoices_that_xero_has_one_for(status: str) -> None:
    assert online.reason_against(document(status=status)) == ""


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"status": "DRAFT"}, "A draft"),
        ({"status": "VOIDED"}, "Voided"),
        ({"status": "DELETED"}, "Deleted"),
        ({"status": "ON_HOLD"}, "ON_HOLD"),
        ({"kind": Kind.CREDIT_NOTE}, "A credit note"),
        ({"kind": Kind.OVERPAYMENT}, "An overpayment"),
        ({"kind": Kind.PREPAYMENT}, "A prepayment"),
    ],
)
def test_online_invoice_is_refused_with_a_reason_for_the_others(
    fields: dict[str, Any], word: str
) -> None:
    assert word in online.reason_against(document(**fields))


@pytest.mark.parametrize(
    ("amount", "plain", "grouped"),
    [
        ("0", "0.00", "0.00"),
        ("0.0000", "0.00", "0.00"),
        ("-1234.5000", "-1234.50", "-1,234.50"),
        ("0.1250", "0.1250", "0.1250"),
        ("0.0050", "0.0050", "0.0050"),
        ("99999999999.9900", "99999999999.99", "99,999,999,999.99"),
    ],
)
def test_amount_has_two_decimals_and_four_only_where_needed(
    amount: str, plain: str, grouped: str
) -> None:
    value = Decimal(amount)

    assert amounts.plain(value) == plain
    assert amounts.grouped(value) == grouped
