"""A contact as a client sends it: read, and checked field by field.

What is missing stays as it is on an update. Lengths and the rules of names are those of the
specification and of Xero's contacts page; the sentences Xero uses are known for some refusals
only, and clients must not read meaning into the others.
"""

import re
from typing import Any

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
_MAX_PHONE = 50
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_BAD_SPACES = re.compile(r"^\s|\s$|\s\s")
_ANGLE = re.compile(r"[<>]")


def read(element: dict[str, Any], old: records.Contact | None) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of `records.Contact` that an element sets, and what is wrong with it."""
    values: dict[str, Any] = {}
    for name, (field, longest) in _TEXTS.items():
        if element.get(name) is not None:
            values[field] = str(element[name])
            if len(values[field]) > longest:
                return {}, [f"{name} must not be longer than {longest} characters."]
    wrong = _wrong_texts(values)
    if isinstance(element.get("Addresses"), list):
        values["addresses"] = _read_addresses(element["Addresses"], old)
    if isinstance(element.get("Phones"), list):
        values["phones"] = _read_phones(element["Phones"], old)
        if any(len(phone.number) > _MAX_PHONE for phone in values["phones"]):
            wrong.append(f"A phone number must not be longer than {_MAX_PHONE} characters.")
    if isinstance(element.get("ContactPersons"), list):
        values["persons"] = tuple(_read_person(each) for each in element["ContactPersons"])
    return values, wrong


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


def _read_addresses(
    elements: list[dict[str, Any]], old: records.Contact | None
) -> tuple[records.Address, ...]:
    """Return the addresses after the change: kinds that are not sent stay."""
    by_kind = {each.kind: each for each in old.addresses} if old else {}
    for each in elements:
        kind = str(each.get("AddressType", ""))
        if kind in contact_json.ADDRESS_KINDS:
            names = ("AddressLine1", "AddressLine2", "City", "Region", "PostalCode", "Country")
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
