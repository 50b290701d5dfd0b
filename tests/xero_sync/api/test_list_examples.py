"""Lists of examples, served over HTTP, arrive field by field.

Those that we made up run everywhere; Xero's own run too where its specification is here.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from invoices.models import Contact, Document
from tests.contract import checks, examples
from tests.support.linked import Linked

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


# What the examples say of contacts as suppliers, of which nothing is kept.
OF_SUPPLIERS = {"BankAccountDetails", "TaxNumber", "PurchasesDefaultLineAmountType"}


Lists = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=examples.SOURCES)
def given(request: pytest.FixtureRequest) -> Lists:
    """Return the elements of the lists of examples, by collection, as they stand."""
    return examples.lists(request.param)


@pytest.fixture
def pulled(linked: Linked, given: Lists) -> Linked:
    """Let the simulator serve the examples in place of its books, and pull."""
    documents = {name: given[name] for name in KINDS}
    linked.world.do("replay", tenant=linked.tenant, documents=documents, contacts=given["Contacts"])
    linked.sweep()
    return linked


def of_milliseconds(text: str) -> datetime:
    """Read `/Date(1541176290160+0000)/` the long way round."""
    number = int(text.removeprefix("/Date(").split("+", maxsplit=1)[0].rstrip(")/"))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)


def amount(value: Any) -> Decimal:
    """Return an amount of an example, which is a float there; nothing stands for zero."""
    return Decimal(str(value or 0))


def amount_or_none(value: Any) -> Decimal | None:
    """Return an amount of a line, which need not have one."""
    return None if value is None else amount(value)


def exact(value: Any) -> Any:
    """Return JSON with its numbers as Decimal, whether they were floats or are so already."""
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else value


def what_is_kept(contact: dict[str, Any]) -> dict[str, Any]:
    """Return a contact of the examples without what it says of the contact as a supplier."""
    kept = {name: value for name, value in contact.items() if name not in OF_SUPPLIERS}
    if "Balances" in kept:
        sales = {"AccountsReceivable": kept["Balances"]["AccountsReceivable"]}
        assert kept["Balances"].keys() - sales.keys() == {"AccountsPayable"}
        kept["Balances"] = sales
    return kept


@pytest.mark.parametrize("name", examples.COLLECTIONS)
def test_examples_agree_with_the_contract(given: Lists, name: str) -> None:
    known = [
        {key: value for key, value in one.items() if key != examples.MISPRINTED}
        for one in given[name]
    ]

    checks.check_value("accounting", name, {name: known})


@pytest.mark.parametrize("name", KINDS)
def test_every_sales_example_arrives_field_by_field(
    pulled: Linked, given: Lists, name: str
) -> None:
    kind, id_name, number_name, due_name, sales_type = KINDS[name]
    sales = [one for one in given[name] if one["Type"] == sales_type]
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
                amount_or_none(line.get("Quantity")),
                amount_or_none(line.get("UnitAmount")),
                amount_or_none(line.get("LineAmount")),
            )
            for line in theirs["LineItems"]
        ]
        assert {(str(one.xero_id), one.amount) for one in ours.payments.all()} == {
            (one["PaymentID"], amount(one["Amount"])) for one in theirs["Payments"]
        }
        assert {(str(one.invoice_xero_id), one.amount) for one in ours.allocations.all()} == {
            (one["Invoice"]["InvoiceID"], amount(one["Amount"]))
            for one in theirs.get("Allocations", [])
            if not one.get("IsDeleted")
        }


def test_purchases_among_the_examples_do_not_arrive(pulled: Linked, given: Lists) -> None:
    purchases = {
        one[KINDS[name][1]]
        for name in KINDS
        for one in given[name]
        if one["Type"] != KINDS[name][4]
    }

    assert purchases
    assert not Document.objects.filter(xero_id__in=purchases).exists()


def test_every_contact_example_arrives_field_by_field(pulled: Linked, given: Lists) -> None:
    stored = {str(one.xero_id): one for one in Contact.objects.all()}

    assert set(stored) == {one["ContactID"] for one in given["Contacts"]}
    for theirs in given["Contacts"]:
        ours = stored[theirs["ContactID"]]
        assert ours.name == theirs["Name"]
        assert ours.email == theirs.get("EmailAddress", "")
        assert ours.status == theirs["ContactStatus"]
        assert ours.contact_number == theirs.get("ContactNumber", "")
        assert ours.updated_at == of_milliseconds(theirs["UpdatedDateUTC"])
        assert exact(ours.raw) == exact(what_is_kept(theirs))


@pytest.mark.parametrize("name", KINDS)
def test_raw_json_of_a_document_is_kept_whole(pulled: Linked, given: Lists, name: str) -> None:
    _, id_name, _, _, sales_type = KINDS[name]

    for theirs in [one for one in given[name] if one["Type"] == sales_type]:
        assert exact(Document.objects.get(xero_id=theirs[id_name]).raw) == exact(theirs)
