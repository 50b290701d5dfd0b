"""The list examples of Xero's own specification, served over HTTP, arrive field by field."""

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from invoices.models import Contact, Document
from tests.support.linked import Linked
from xero_sync.api import json_codec

FOLDER = Path(
    os.environ.get("XERO_OPENAPI_DIR")
    or Path(__file__).parents[4] / "shared" / "xero-openapi"
)  # fmt: skip
SPECIFICATION = FOLDER / "xero_accounting.yaml"
KINDS = {
    "Invoices": ("INVOICE", "InvoiceID", "InvoiceNumber", "AmountDue", "ACCREC"),
    "CreditNotes": (
        "CREDIT_NOTE",
        "CreditNoteID",
        "CreditNoteNumber",
        "RemainingCredit",
        "ACCRECCREDIT",
    ),
    "Overpayments": ("OVERPAYMENT", "OverpaymentID", "", "RemainingCredit", "RECEIVE-OVERPAYMENT"),
    "Prepayments": (
        "PREPAYMENT",
        "PrepaymentID",
        "InvoiceNumber",
        "RemainingCredit",
        "RECEIVE-PREPAYMENT",
    ),
}


class _Loader(yaml.CSafeLoader):
    """Reads the examples as the JSON they stand for: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def examples() -> dict[str, list[dict[str, Any]]]:
    """Return the elements of the list examples, by collection, as they stand."""
    if not SPECIFICATION.exists():
        pytest.skip("Xero's OpenAPI specification is not here: set XERO_OPENAPI_DIR to its folder.")
    paths = yaml.load(SPECIFICATION.read_bytes(), Loader=_Loader)["paths"]  # noqa: S506 - safe
    found = {}
    for name in (*KINDS, "Contacts"):
        content = paths[f"/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
        found[name] = content["example"][name]
    return found


@pytest.fixture
def pulled(linked: Linked, examples: dict[str, list[dict[str, Any]]]) -> Linked:
    """Let the simulator serve the examples in place of its books, and pull."""
    documents = {name: examples[name] for name in KINDS}
    linked.world.do(
        "replay", tenant=linked.tenant, documents=documents, contacts=examples["Contacts"]
    )
    linked.sweep()
    return linked


def of_milliseconds(text: str) -> datetime:
    """Read `/Date(1541176290160+0000)/` the long way round."""
    number = int(text.removeprefix("/Date(").split("+", maxsplit=1)[0].rstrip(")/"))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)


def amount(value: Any) -> Decimal:
    """Return an amount of the specification; YAML has read it as a float."""
    return Decimal(str(value or 0))


def exact(value: Any) -> Any:
    """Return JSON as the wire parses it, so that amounts compare as Decimal."""
    return json_codec.loads(json_codec.dumps(value))


@pytest.mark.parametrize("name", KINDS)
def test_every_sales_example_arrives_field_by_field(
    pulled: Linked, examples: dict[str, list[dict[str, Any]]], name: str
) -> None:
    kind, id_name, number_name, due_name, sales_type = KINDS[name]
    sales = [one for one in examples[name] if one["Type"] == sales_type]
    assert sales

    stored = {str(one.xero_id): one for one in Document.objects.filter(kind=kind)}
    assert set(stored) == {one[id_name] for one in sales}
    for theirs in sales:
        ours = stored[theirs[id_name]]
        assert ours.number == (theirs.get(number_name) or "" if number_name else "")
        assert ours.reference == (theirs.get("Reference") or "")
        assert ours.status == theirs["Status"]
        assert ours.date == date.fromisoformat(theirs["DateString"][:10])
        due = theirs.get("DueDateString")
        assert ours.due_date == (date.fromisoformat(due[:10]) if due else None)
        assert ours.currency == theirs.get("CurrencyCode", "")
        rate = theirs.get("CurrencyRate")
        assert ours.currency_rate == (None if rate is None else amount(rate))
        assert ours.sub_total == amount(theirs["SubTotal"])
        assert ours.total_tax == amount(theirs["TotalTax"])
        assert ours.total == amount(theirs["Total"])
        assert ours.amount_due == amount(theirs.get(due_name))
        assert ours.amount_paid == amount(theirs.get("AmountPaid"))
        assert str(ours.contact_xero_id) == theirs["Contact"]["ContactID"]
        assert ours.contact_name == theirs["Contact"]["Name"]
        assert ours.updated_at == of_milliseconds(theirs["UpdatedDateUTC"])
        assert [
            (one.description, one.quantity, one.unit_amount, one.line_amount)
            for one in ours.line_items.all()
        ] == [
            (
                line.get("Description", ""),
                amount(line.get("Quantity")),
                amount(line.get("UnitAmount")),
                amount(line.get("LineAmount")),
            )
            for line in theirs["LineItems"]
        ]
        assert {(str(one.xero_id), one.amount) for one in ours.payments.all()} == {
            (one["PaymentID"], amount(one["Amount"])) for one in theirs["Payments"]
        }
        assert {(str(one.invoice_xero_id), one.amount) for one in ours.allocations.all()} == {
            (one["Invoice"]["InvoiceID"], amount(one["Amount"]))
            for one in theirs.get("Allocations", [])
        }


def test_purchases_among_the_examples_do_not_arrive(
    pulled: Linked, examples: dict[str, list[dict[str, Any]]]
) -> None:
    purchases = {
        one[KINDS[name][1]]
        for name in KINDS
        for one in examples[name]
        if one["Type"] != KINDS[name][4]
    }

    assert purchases
    assert not Document.objects.filter(xero_id__in=purchases).exists()


def test_every_contact_example_arrives_field_by_field(
    pulled: Linked, examples: dict[str, list[dict[str, Any]]]
) -> None:
    stored = {str(one.xero_id): one for one in Contact.objects.all()}

    assert set(stored) == {one["ContactID"] for one in examples["Contacts"]}
    for theirs in examples["Contacts"]:
        ours = stored[theirs["ContactID"]]
        assert ours.name == theirs["Name"]
        assert ours.email == theirs.get("EmailAddress", "")
        assert ours.status == theirs["ContactStatus"]
        assert ours.contact_number == theirs.get("ContactNumber", "")
        assert ours.updated_at == of_milliseconds(theirs["UpdatedDateUTC"])
        assert ours.raw == theirs


def test_raw_json_of_a_document_is_kept_whole(
    pulled: Linked, examples: dict[str, list[dict[str, Any]]]
) -> None:
    for theirs in examples["Invoices"]:
        assert exact(Document.objects.get(xero_id=theirs["InvoiceID"]).raw) == exact(theirs)
