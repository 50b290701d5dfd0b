"""Every name of Xero's that the product knows is one of the contract's.

The names are listed here by schema, and the source code of the product is searched for more: a
name that is used there and not listed here fails, so that the list cannot fall behind.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import extract, validation

ROOT = Path(__file__).parents[2]
_CREDIT = {"ID", "DateString", "RemainingCredit", "AppliedAmount", "Allocations"}
_DOCUMENT = {
    "Type",
    "Status",
    "Contact",
    "Date",
    "DateString",
    "CurrencyCode",
    "CurrencyRate",
    "SubTotal",
    "TotalTax",
    "Total",
    "LineItems",
    "Payments",
    "Reference",
    "UpdatedDateUTC",
    "UpdatedDateUTCString",
}
# What a contact says as a supplier: known by name in order to be taken away before it is stored, as
# `AccountsPayable` of its balances is.
_OF_SUPPLIERS = {
    "AccountsPayableTaxType",
    "BankAccountDetails",
    "BatchPayments",
    "PurchasesDefaultAccountCode",
    "PurchasesDefaultLineAmountType",
    "PurchasesTrackingCategories",
    "TaxNumber",
    "TaxNumberType",
    "TrackingCategoryName",
    "TrackingCategoryOption",
    "XeroNetworkKey",
}
# What the product reads of answers, writes in requests, and takes out of answers.
RELIED_ON: dict[str, dict[str, set[str]]] = {
    "accounting": {
        "Invoice": _DOCUMENT
        | {"InvoiceID", "InvoiceNumber", "AmountDue", "AmountPaid", "AmountCredited"}
        | {"DueDate", "DueDateString", "FullyPaidOnDate"},
        "CreditNote": _DOCUMENT
        | _CREDIT
        | {"CreditNoteID", "CreditNoteNumber", "DueDate", "FullyPaidOnDate"},
        "Overpayment": _DOCUMENT | _CREDIT | {"OverpaymentID"},
        "Prepayment": _DOCUMENT | _CREDIT | {"PrepaymentID", "InvoiceNumber"},
        "LineItem": {"LineItemID", "Description", "Quantity", "UnitAmount", "TaxAmount"}
        | {"LineAmount", "AccountCode", "TaxType"},
        "Payment": {"PaymentID", "Date", "Amount", "Reference"},
        "Allocation": {"AllocationID", "Invoice", "Date", "Amount", "IsDeleted"},
        "Contact": {"ContactID", "ContactNumber", "ContactStatus", "Name", "EmailAddress"}
        | {"FirstName", "LastName", "Phones", "Addresses", "MergedToContactID"}
        | {"UpdatedDateUTC", "ValidationErrors", "Balances"}
        | {"HasValidationErrors", "StatusAttributeString"}
        | _OF_SUPPLIERS,
        "Balances": {"AccountsReceivable", "AccountsPayable"},
        "AccountsReceivable": {"Outstanding"},
        "Phone": {"PhoneType", "PhoneNumber", "PhoneAreaCode", "PhoneCountryCode"},
        "Address": {"AddressType", "AddressLine1", "City", "Region", "PostalCode", "Country"},
        "Organisation": {"Name", "ShortCode", "BaseCurrency", "Timezone"}
        | {"FinancialYearEndMonth", "FinancialYearEndDay"},
        "OnlineInvoices": {"OnlineInvoices"},
        "OnlineInvoice": {"OnlineInvoiceUrl"},
        "CreditNotes": {"CreditNotes", "pagination"},
        "Pagination": {"pageCount", "itemCount", "pageSize"},
        "Error": {"Type", "Message", "Elements"},
        "Element": {"ValidationErrors"},
        "ValidationError": {"Message"},
    },
    "identity": {
        "Connection": {"id", "authEventId", "tenantId", "tenantType", "tenantName"}
        | {"createdDateUtc", "updatedDateUtc"},
        "AccessToken": {"access_token", "refresh_token", "expires_in", "id_token", "scope"},
    },
    "webhooks": {
        "WebhookEvent": {"events"},
        "WebhookEvent.events": {"tenantId", "eventCategory", "eventType", "resourceId"}
        | {"eventDateUtc"},
    },
}
# Names in the product that no schema declares, and why they stand there.
NOT_DECLARED = {
    "DateTimeUTC": "of the envelope around every answer",
    "Detail": "of the gateway's refusals, which are not the accounting interface's (recorded)",
    "ValidationException": "a value of Error.Type (the specification's example of a 400)",
    "QueryParseException": "a value of Error.Type, of a bad filter (seen by others)",
    "PostDataInvalidException": "a value of Error.Type (seen by others)",
    "PAYMENT": "a category of webhooks, of a newer specification than the extract is made of",
    "OverpaymentNumber": "overpayments have no number: looked for, and never there",
    "OnlineInvoice": "of the address of an invoice's online page, for its span in a trace",
}
_MEMBER = re.compile(r"[A-Z][A-Za-z0-9]+")
_SEVERAL_WORDS = re.compile(r"[A-Z][a-z]+[A-Z][A-Za-z0-9]*|ID")
_TYPE = re.compile(r"ACC(REC|PAY)(CREDIT)?|(RECEIVE-|SPEND-|AR|AP)(OVER|PRE)PAYMENT")
_ZONE = re.compile(r"[A-Z]+STANDARDTIME|UTC")


@pytest.mark.parametrize(
    ("interface", "schema"),
    [(interface, schema) for interface, schemas in RELIED_ON.items() for schema in schemas],
)
def test_members_that_the_product_relies_on_are_declared(interface: str, schema: str) -> None:
    declared = extract.interface(interface).members(schema)
    seen = set(validation.UNDECLARED.get(schema, ()))

    assert RELIED_ON[interface][schema] - declared - seen == set()


def test_exceptions_of_the_validator_are_still_needed() -> None:
    """What a newer extract declares need not be let through any more."""
    accounting, identity = extract.interface("accounting"), extract.interface("identity")
    schemas = {**accounting.schemas, **identity.schemas}
    collections = [one for one in accounting.schemas if one in schemas[one].members]

    assert {"Invoices", "Contacts", "Organisations", "OnlineInvoices"} <= set(collections)
    for name in collections:
        assert schemas[name].members.keys().isdisjoint(validation.ENVELOPE)
    for name, exceptions in validation.UNDECLARED.items():
        assert schemas[name].members.keys().isdisjoint(exceptions)


def test_names_in_the_product_are_listed_here() -> None:
    listed = {name for schemas in RELIED_ON.values() for some in schemas.values() for name in some}
    used = set(_names("xero_sync")) - set(_classes())

    # Enough of them to know that the search works, whatever the modules are called.
    assert {"InvoiceID", "Timezone", "EmailAddress", "ValidationErrors", "Quantity"} <= used
    assert used - listed == NOT_DECLARED.keys()


def test_types_of_documents_in_the_product_are_all_that_there_are() -> None:
    """A type that is new is no less wrong than one that is misspelt: somebody must place it."""
    accounting = extract.interface("accounting")
    kinds = ("Invoice", "CreditNote", "Overpayment", "Prepayment")
    types = set().union(*(accounting.values(kind, "Type") for kind in kinds))

    assert {one for one in _texts("xero_sync") if _TYPE.fullmatch(one)} == types


def test_statuses_of_documents_have_words() -> None:
    accounting = extract.interface("accounting")
    kinds = ("Invoice", "CreditNote", "Overpayment", "Prepayment")
    statuses = set().union(*(accounting.values(kind, "Status") for kind in kinds))

    assert statuses - set(_texts("invoices")) == set()


def test_time_zones_in_the_product_are_xeros() -> None:
    zones = {one for one in _texts("xero_sync") if _ZONE.fullmatch(one)}
    known = extract.interface("accounting").schemas["TimeZone"].scalar

    assert known is not None
    assert "AUSEASTERNSTANDARDTIME" in zones
    assert zones - known.values == set()


def test_signature_of_a_webhook_is_in_the_header_that_xero_names() -> None:
    signatures = {one.lower() for one in _texts("xero_sync") if one.lower().endswith("-signature")}

    assert signatures == {"x-xero-signature"}
    assert signatures <= extract.interface("webhooks").headers


@pytest.mark.parametrize("kind", ["Invoices", "CreditNotes", "Overpayments", "Prepayments"])
def test_lists_can_be_narrowed_as_the_product_does(kind: str) -> None:
    """Held against real calls in tests/xero_sync/test_contract.py; here for every list."""
    operation = extract.interface("accounting").operations[f"GET /{kind}"]

    assert {"where", "order", "page", "pageSize", "unitdp"} <= operation.names("query")
    assert {"If-Modified-Since", "xero-tenant-id"} <= operation.names("header")


def _texts(package: str) -> Iterator[str]:
    """Yield every text in the source code of a package."""
    for node in _nodes(package):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _names(package: str) -> Iterator[str]:
    """Yield texts that are names of members: by how they are written, or by how they are used."""
    for node in _nodes(package):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and _SEVERAL_WORDS.fullmatch(node.value):
                yield node.value
        elif name := _key_of(node):
            yield name


def _classes() -> Iterator[str]:
    """Yield the names of the product's own classes, which stand in annotations as texts."""
    for package in ("lrm", "connected_apps", "invoices", "xero_sync"):
        for node in _nodes(package):
            if isinstance(node, ast.ClassDef):
                yield node.name


def _key_of(node: ast.AST) -> str | None:
    """Return what is looked up by `x["Name"]` or `get("Name")`."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        key = node.slice
    elif isinstance(node, ast.Call) and node.args and _last_name(node.func) == "get":
        key = node.args[0]
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value if _MEMBER.fullmatch(key.value) else None
    return None


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _nodes(package: str) -> Iterator[ast.AST]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if "migrations" not in path.parts:
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))
