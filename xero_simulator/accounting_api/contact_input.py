"""A contact as a client sends it: read, and checked field by field.

What is missing stays as it is on an update, but a phone or an address that is sent replaces the
one of its kind as a whole: what Xero does with its missing parts is not known, and this is the
harsher of the two. Lengths and the rules of names are those of the specification and of Xero's
contacts page; the sentences Xero uses are known for some refusals only, and clients must not read
meaning into the others. Characters are counted as .NET does, an emoji as two.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from xero_simulator.accounting_api import contact_json
from xero_simulator.ledger import records

_TEXTS = {
    "Name": ("name", 255),
    "ContactNumber": ("number", 50),
    "AccountNumber": ("account_number", 50),
    "FirstName": ("first_name", 255),
    "LastName": ("last_name", 255),
    "CompanyNumber": ("company_number", 50),
    "EmailAddress": ("email", 255),
    "TaxNumber": ("tax_number", 50),
    "BankAccountDetails": ("bank_account", 255),
    "DefaultCurrency": ("default_currency", 3),
    "ContactStatus": ("status", 20),
}
_PARTS = {
    "Phones": {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20},
    "Addresses": {
        **dict.fromkeys((f"AddressLine{n}" for n in range(1, 5)), 500),
        **dict.fromkeys(("City", "Region", "AttentionTo"), 255),
        **dict.fromkeys(("PostalCode", "Country"), 50),
    },
    "ContactPersons": dict.fromkeys(("FirstName", "LastName", "EmailAddress"), 255),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_BAD_SPACES = re.compile(r"^\s|\s$|\s\s")
_ANGLE = re.compile(r"[<>]")
# "[A-Z], [a-z] only", says the specification, and spaces pass, or there were no New Zealand.
_COUNTRY = re.compile(r"[A-Za-z ]*")


class Fault(NamedTuple):
    """What is wrong, and with which part: an element of one of a contact's lists, or itself."""

    message: str
    collection: str = ""
    at: int = 0


def read(
    element: dict[str, Any], old: records.Contact | None
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields of `records.Contact` that an element sets, and what is wrong with it."""
    values: dict[str, Any] = {}
    for name, (field, longest) in _TEXTS.items():
        if element.get(name) is not None:
            values[field] = str(element[name])
            if _length(values[field]) > longest:
                return {}, [Fault(_too_long(name, longest))]
    wrong = [*map(Fault, _wrong_texts(values)), *_wrong_parts(element)]
    return values | _read_lists(element, old) | _read_terms(element), wrong


def _read_lists(element: dict[str, Any], old: records.Contact | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if isinstance(element.get("Addresses"), list):
        values["addresses"] = _read_addresses(element["Addresses"], old)
    if isinstance(element.get("Phones"), list):
        values["phones"] = _read_phones(element["Phones"], old)
    if isinstance(element.get("ContactPersons"), list):
        values["persons"] = tuple(_read_person(each) for each in element["ContactPersons"])
    return values


def _read_terms(element: dict[str, Any]) -> dict[str, Any]:
    """Return when and where the contact pays and is paid; what is sent replaces the whole."""
    values: dict[str, Any] = {}
    if isinstance(terms := element.get("PaymentTerms"), dict):
        values["payment_terms"] = tuple(
            records.PaymentTerm(side, int(term.get("Day") or 0), str(term.get("Type") or ""))
            for side in ("Bills", "Sales")
            if isinstance(term := terms.get(side), dict)
        )
    if isinstance(batch := element.get("BatchPayments"), dict):
        names = ("BankAccountNumber", "BankAccountName", "Details", "Code", "Reference")
        values["batch_payments"] = records.BatchPayments(
            *(str(batch.get(name) or "") for name in names)
        )
    return values


def _wrong_texts(values: dict[str, Any]) -> list[str]:
    wrong = []
    if "name" in values:
        name = values["name"]
        if not name.strip():
            wrong.append("The contact name must not be empty.")
        elif _BAD_SPACES.search(name):
            wrong.append("The contact name must not begin or end with, or repeat, spaces.")
        if _ANGLE.search(name):
            wrong.append("The contact name must not contain angle brackets.")
    if values.get("email") and not _EMAIL.fullmatch(values["email"]):
        wrong.append("Email address must be valid.")
    if values.get("status", "ACTIVE") not in ("ACTIVE", "ARCHIVED"):
        wrong.append("The contact status is not a valid value.")
    return wrong


def _wrong_parts(element: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong in the phones, addresses and persons of an element."""
    for collection, lengths in _PARTS.items():
        parts = element.get(collection)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            for name, longest in lengths.items():
                if _length(str(part.get(name) or "")) > longest:
                    yield Fault(_too_long(name, longest), collection, index)
            if not _COUNTRY.fullmatch(str(part.get("Country") or "")):
                yield Fault("Country must contain letters only.", collection, index)


def _too_long(name: str, longest: int) -> str:
    return f"{name} must not be longer than {longest} characters."


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _read_addresses(
    elements: list[dict[str, Any]], old: records.Contact | None
) -> tuple[records.Address, ...]:
    """Return the addresses after the change: kinds that are not sent stay."""
    by_kind = {each.kind: each for each in old.addresses} if old else {}
    for each in elements:
        kind = str(each.get("AddressType", ""))
        if kind in contact_json.ADDRESS_KINDS:
            names = (
                *("AddressLine1", "AddressLine2", "City", "Region", "PostalCode", "Country"),
                *("AddressLine3", "AddressLine4", "AttentionTo"),
            )
            by_kind[kind] = records.Address(kind, *(str(each.get(name) or "") for name in names))
    return tuple(by_kind.values())


def _read_phones(
    elements: list[dict[str, Any]], old: records.Contact | None
) -> tuple[records.Phone, ...]:
    """Return the phones after the change: kinds that are not sent stay."""
    by_kind = {each.kind: each for each in old.phones} if old else {}
    for each in elements:
        kind = str(each.get("PhoneType", ""))
        if kind in contact_json.PHONE_KINDS:
            names = ("PhoneNumber", "PhoneAreaCode", "PhoneCountryCode")
            by_kind[kind] = records.Phone(kind, *(str(each.get(name) or "") for name in names))
    return tuple(by_kind.values())


def _read_person(element: dict[str, Any]) -> records.Person:
    return records.Person(
        str(element.get("FirstName") or ""),
        str(element.get("LastName") or ""),
        str(element.get("EmailAddress") or ""),
        element.get("IncludeInEmails") is True,
    )
