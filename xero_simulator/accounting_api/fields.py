"""The fields that `where` and `order` may name, and where their values are.

Names are matched without regard to case, as Xero does. A made-up record keeps its fields as
attributes; a raw element (the specification's own examples, replayed) keeps them as JSON.
"""

import datetime
import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from xero_simulator.ledger import ledgers, records

TEXT, GUID, NUMBER, DATE, INSTANT, FLAG = "String", "Guid", "Decimal", "Date", "DateTime", "Boolean"
_MS_DATE = re.compile(r"/Date\((-?\d+)")


class Field(NamedTuple):
    """A field: its kind of value, and how to read it from a record.

    :param folds_accents: a comparison looks over accents, as Xero says of names and addresses.
    """

    kind: str
    read: Callable[[Any], Any]
    folds_accents: bool = False


class UnknownField(Exception):
    """The resource has no field of that name."""


def _cents(name: str) -> Field:
    read = operator.attrgetter(name)
    return Field(NUMBER, lambda document: read(document) / 100)


def _attribute(kind: str, name: str) -> Field:
    return Field(kind, operator.attrgetter(name))


_DOCUMENT = {
    "type": _attribute(TEXT, "type"),
    "status": _attribute(TEXT, "status"),
    "date": _attribute(DATE, "date"),
    "duedate": _attribute(DATE, "due_date"),
    "reference": _attribute(TEXT, "reference"),
    "total": _cents("total"),
    "subtotal": _cents("sub_total"),
    "totaltax": _cents("total_tax"),
    "currencycode": _attribute(TEXT, "currency"),
    "currencyrate": Field(NUMBER, lambda document: float(document.currency_rate)),
    "updateddateutc": _attribute(INSTANT, "updated_ms"),
    "fullypaidondate": _attribute(DATE, "fully_paid_on"),
    "lineamounttypes": _attribute(TEXT, "line_amount_types"),
    "contact.contactid": _attribute(GUID, "contact_id"),
}
_BY_KIND = {
    records.INVOICES: {
        "invoiceid": _attribute(GUID, "id"),
        "invoicenumber": _attribute(TEXT, "number"),
        "amountdue": _cents("outstanding"),
        "amountpaid": _cents("amount_paid"),
        "amountcredited": _cents("amount_allocated"),
        "senttocontact": _attribute(FLAG, "sent"),
    },
    records.CREDIT_NOTES: {
        "creditnoteid": _attribute(GUID, "id"),
        "creditnotenumber": _attribute(TEXT, "number"),
        "remainingcredit": _cents("outstanding"),
    },
    records.OVERPAYMENTS: {
        "overpaymentid": _attribute(GUID, "id"),
        "remainingcredit": _cents("outstanding"),
    },
    records.PREPAYMENTS: {
        "prepaymentid": _attribute(GUID, "id"),
        "invoicenumber": _attribute(TEXT, "number"),
        "remainingcredit": _cents("outstanding"),
    },
}
CONTACT_FIELDS = {
    "contactid": _attribute(GUID, "id"),
    "name": _attribute(TEXT, "name")._replace(folds_accents=True),
    "contactnumber": _attribute(TEXT, "number"),
    "accountnumber": _attribute(TEXT, "account_number"),
    "companynumber": _attribute(TEXT, "company_number"),
    "firstname": _attribute(TEXT, "first_name"),
    "lastname": _attribute(TEXT, "last_name"),
    "emailaddress": _attribute(TEXT, "email")._replace(folds_accents=True),
    "taxnumber": _attribute(TEXT, "tax_number"),
    "contactstatus": _attribute(TEXT, "status"),
    "issupplier": _attribute(FLAG, "is_supplier"),
    "iscustomer": _attribute(FLAG, "is_customer"),
    "defaultcurrency": _attribute(TEXT, "default_currency"),
    "updateddateutc": _attribute(INSTANT, "updated_ms"),
}


def of_documents(books: ledgers.Books, kind: str) -> Callable[[str], Field]:
    """Return a finder of a document kind's fields, those of its contact included."""
    known = _DOCUMENT | _BY_KIND[kind]

    def find(name: str) -> Field:
        lowered = name.lower()
        if lowered in known:
            return known[lowered]
        if lowered.startswith("contact."):
            return _of_contact(books, lowered.removeprefix("contact."))
        raise UnknownField(name)

    return find


def of_contacts(name: str) -> Field:
    """Find a field of contacts."""
    try:
        return CONTACT_FIELDS[name.lower()]
    except KeyError:
        raise UnknownField(name) from None


def of_raw(sample: Callable[[str], Field]) -> Callable[[str], Field]:
    """Return a finder that reads the same fields out of raw JSON elements."""

    def find(name: str) -> Field:
        found = sample(name)
        path = name.lower().split(".")
        return found._replace(read=lambda element: _raw_value(found.kind, element, path))

    return find


def ms_of(text: object) -> int | None:
    """Read the milliseconds out of Microsoft's date form."""
    found = _MS_DATE.match(str(text).replace("\\/", "/"))
    return int(found[1]) if found else None


def _of_contact(books: ledgers.Books, name: str) -> Field:
    field = of_contacts(name)
    by_id = books.contacts.by_id
    return field._replace(read=lambda document: field.read(by_id[document.contact_id]))


def _raw_value(kind: str, element: dict[str, Any], path: list[str]) -> Any:
    value: Any = element
    for step in path:
        if not isinstance(value, dict):
            return None
        value = next((v for k, v in value.items() if k.lower() == step), None)
    if value is None or kind in (TEXT, GUID, FLAG):
        return value
    if kind == NUMBER:
        return float(value)
    milliseconds = ms_of(value)
    if milliseconds is None or kind == INSTANT:
        return milliseconds
    return ledgers.from_ms(milliseconds).date()


def as_comparable(kind: str, instant: datetime.datetime) -> Any:
    """Turn a literal DateTime into what a field of that kind holds."""
    if kind == INSTANT:
        return ledgers.to_ms(instant)
    return instant.date()
