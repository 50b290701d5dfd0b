"""Contacts as Xero shows them."""

import datetime
from collections.abc import Iterable
from typing import Any

from xero_simulator.accounting_api import xero_json
from xero_simulator.ledger import ledgers, records

PHONE_KINDS = ("DDI", "DEFAULT", "FAX", "MOBILE")
ADDRESS_KINDS = ("STREET", "POBOX")


def show_contact(contact: records.Contact, *, full: bool, summary: bool = False) -> dict[str, Any]:
    """Return a contact's fields.

    :param full: paged and single answers carry more (the specification's Contact model).
    :param summary: summaryOnly leaves out whether it is a customer or supplier.
    """
    shown: dict[str, Any] = {
        "ContactID": contact.id,
        **_present(
            ContactNumber=contact.number,
            AccountNumber=contact.account_number,
            MergedToContactID=contact.merged_to if full else "",
        ),
        "ContactStatus": contact.status,
        "Name": contact.name,
        **_present(
            FirstName=contact.first_name,
            LastName=contact.last_name,
            CompanyNumber=contact.company_number,
        ),
        "EmailAddress": contact.email,
        "BankAccountDetails": contact.bank_account,
        "TaxNumber": contact.tax_number,
        "Addresses": _show_addresses(contact),
        "Phones": _show_phones(contact),
        "UpdatedDateUTC": xero_json.instant_ms(contact.updated_ms),
        "ContactGroups": [],
        **_present(DefaultCurrency=contact.default_currency, Website=contact.website),
    }
    if not summary:
        shown |= {"IsSupplier": contact.is_supplier, "IsCustomer": contact.is_customer}
    if full:
        shown |= _more(contact)
    return shown | {"HasValidationErrors": False}


def balances(books: ledgers.Books, contact_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what is outstanding and overdue for each contact that has approved documents.

    Raw, in whatever currencies the documents have: Xero does not convert them. What is left of
    credits lessens what is outstanding and not what is overdue, as the specification's example
    shows, where more is overdue than outstanding.
    """
    today = books.today()
    kinds = [(kind, books.tables[kind].grouped[ledgers.CONTACT]) for kind in records.KINDS]
    sums: dict[str, dict[str, list[int]]] = {}
    for contact_id in contact_ids:
        sides = {"AccountsReceivable": [0, 0], "AccountsPayable": [0, 0]}
        for kind, grouped in kinds:
            for document in grouped.of(contact_id):
                if document.status == "AUTHORISED":
                    sums[contact_id] = sides
                    is_sale = document.type in records.SALES_TYPES
                    side = sides["AccountsReceivable" if is_sale else "AccountsPayable"]
                    is_invoice = kind == records.INVOICES
                    side[0] += document.outstanding if is_invoice else -document.outstanding
                    if is_invoice and _is_overdue(document, today):
                        side[1] += document.outstanding
    return {
        contact_id: {
            side: {"Outstanding": xero_json.money(both[0]), "Overdue": xero_json.money(both[1])}
            for side, both in sides.items()
        }
        for contact_id, sides in sums.items()
    }


def _present(**values: str) -> dict[str, str]:
    """Leave out what is empty, as Xero does."""
    return {name: value for name, value in values.items() if value}


def _is_overdue(document: records.Document, today: datetime.date) -> bool:
    return document.due_date is not None and document.due_date < today


def _more(contact: records.Contact) -> dict[str, Any]:
    return {
        "SalesTrackingCategories": [],
        "PurchasesTrackingCategories": [],
        "ContactPersons": [
            {
                "FirstName": person.first_name,
                "LastName": person.last_name,
                "EmailAddress": person.email,
                "IncludeInEmails": person.include_in_emails,
            }
            for person in contact.persons
        ],
        **_terms(contact),
        "HasAttachments": False,
    }


def _terms(contact: records.Contact) -> dict[str, Any]:
    """Return when and where a contact pays and is paid, where somebody has said so."""
    shown: dict[str, Any] = {}
    if contact.payment_terms:
        shown["PaymentTerms"] = {
            term.side: {"Day": term.day, "Type": term.type} for term in contact.payment_terms
        }
    if batch := contact.batch_payments:
        shown["BatchPayments"] = {
            "BankAccountNumber": batch.account_number,
            "BankAccountName": batch.account_name,
            "Details": batch.details,
            **_present(Code=batch.code, Reference=batch.reference),
        }
    return shown


def _show_addresses(contact: records.Contact) -> list[dict[str, str]]:
    """Return both kinds of address, empty parts as empty strings."""
    by_kind = {address.kind: address for address in contact.addresses}
    shown = []
    for kind in ADDRESS_KINDS:
        address = by_kind.get(kind) or records.Address(kind)
        value = {"AddressType": kind}
        lines = (address.line1, address.line2, address.line3, address.line4)
        value |= {f"AddressLine{at}": line for at, line in enumerate(lines, start=1) if line}
        value |= {
            "City": address.city,
            "Region": address.region,
            "PostalCode": address.postal_code,
            "Country": address.country,
            **_present(AttentionTo=address.attention_to),
        }
        shown.append(value)
    return shown


def _show_phones(contact: records.Contact) -> list[dict[str, str]]:
    """Return all four kinds of phone, empty ones too."""
    by_kind = {phone.kind: phone for phone in contact.phones}
    shown = []
    for kind in PHONE_KINDS:
        phone = by_kind.get(kind) or records.Phone(kind)
        shown.append(
            {
                "PhoneType": kind,
                "PhoneNumber": phone.number,
                "PhoneAreaCode": phone.area,
                "PhoneCountryCode": phone.country,
            }
        )
    return shown
