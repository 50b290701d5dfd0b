"""Lists as Xero could answer them, made up.

They have every oddity of its own lists of examples, and those that were met elsewhere: members
that are absent or empty, lists without elements, lines on some documents only, `ID` beside the
id, dates with and without an offset and before 1970, purchases among the sales, amounts of
nothing, numbers that are empty, contacts archived, merged and without an address.
"""

from tests.contract import elements
from tests.contract.elements import Element


def invoices() -> list[Element]:
    """Return the list of invoices."""
    tui, ines = (
        elements.contact_stub(1, "Tui & Daughters Pty Ltd"),
        elements.contact_stub(2, "Inès Õunapuu 🦘"),
    )
    return [
        {
            # Voided: nothing is due although nothing was paid.
            **elements.invoice(101, "VOIDED", "TC-2041", tui),
            **elements.dates("2026-02-28", due="2026-03-14"),
            **elements.amounts(250, 0, 250, updated="/Date(1772323200417+0000)/"),
            "UpdatedDateUTCString": "2026-03-01T00:00:00Z",
            "Reference": "Forklift, week 9",
            "RepeatingInvoiceID": elements.id_of(901),
            "SentToContact": True,
        },
        {
            # Paid in two payments, one of which has no reference.
            **elements.invoice(102, "PAID", "TC-2042", ines),
            **elements.dates("2026-03-02", due="2026-03-16"),
            **elements.amounts(1000, 100, 1100, paid=1100, updated="/Date(1773705600003+0000)/"),
            "UpdatedDateUTCString": "2026-03-17T00:00:00Z",
            "Reference": "",
            "FullyPaidOnDate": "/Date(1773705600000+0000)/",
            "LineItems": [elements.line(1, "First aid, two days", 2, 500, 1000)],
            "Payments": [
                {
                    **elements.payment(11, "/Date(1772928000000+0000)/", 1099.99),
                    "Reference": "EFT 4471",
                },
                elements.payment(12, "/Date(1773705600000)/", 0.01),
            ],
        },
        {
            # Four decimals, half a unit, a line that is only a text, and no offset anywhere.
            **elements.invoice(103, "AUTHORISED", "TC-2043", tui),
            "DateString": "2026-03-05T00:00:00",
            "Date": "/Date(1772668800000)/",
            "DueDateString": "2026-04-04T00:00:00",
            "DueDate": "/Date(1775260800000)/",
            **elements.amounts(61.73, 6.17, 67.9, due=67.9, updated="/Date(1772668800999)/"),
            "LineItems": [
                elements.line(2, "Kilometres", 0.5, 123.4568, 61.73),
                {"LineItemID": elements.id_of(803), "Description": "Thank you", "Tracking": []},
            ],
        },
        {
            # A draft of nothing: no number, reference, due date or currency.
            "Type": "ACCREC",
            "InvoiceID": elements.id_of(104),
            "Payments": [],
            "AmountDue": 0,
            "Contact": {"ContactID": elements.id_of(2), "Name": "Inès Õunapuu 🦘"},
            **elements.dates("2026-03-06"),
            "Status": "DRAFT",
            "LineItems": [],
            "SubTotal": 0,
            "TotalTax": 0,
            "Total": 0,
            "UpdatedDateUTC": "/Date(1772755200000+0000)/",
        },
        {
            # Another currency.
            **elements.invoice(105, "SUBMITTED", "TC-2044", ines),
            **elements.dates("2026-03-07", due="2026-03-07"),
            **elements.amounts(80.5, 0, 80.5, due=80.5, updated="/Date(1772841600000+0000)/"),
            "CurrencyCode": "NZD",
            "CurrencyRate": 1.094321,
            "LineAmountTypes": "NoTax",
        },
        {
            # Older than the epoch, and with a negative total.
            **elements.invoice(106, "DELETED", "OLD-1", tui),
            **elements.dates("1964-06-24", due="1964-06-25"),
            **elements.amounts(-12.35, 0, -12.35, updated="/Date(1772841600001+0000)/"),
        },
        {
            # A supplier's bill.
            **elements.invoice(107, "AUTHORISED", "9-B", tui),
            "Type": "ACCPAY",
            **elements.dates("2026-03-08", due="2026-03-30"),
            **elements.amounts(40, 4, 44, due=44, updated="/Date(1772928000000+0000)/"),
        },
    ]


def credit_notes() -> list[Element]:
    """Return the list of credit notes."""
    tui = elements.contact_stub(1, "Tui & Daughters Pty Ltd")
    return [
        {
            # Part applied, part paid back.
            **elements.credit("CreditNote", 201, "ACCRECCREDIT", tui),
            "CreditNoteNumber": "CN-77",
            "Reference": "Cancelled day",
            "RemainingCredit": 30.5,
            **elements.dates("2026-03-09"),
            **elements.amounts(60, 6, 66, updated="/Date(1773014400250+0000)/"),
            "Status": "AUTHORISED",
            "HasAttachments": True,
            "Payments": [
                {
                    **elements.payment(21, "/Date(1773100800000+0000)/", 5.5),
                    "Reference": "Paid back",
                }
            ],
            "Allocations": [elements.allocation(31, 103, "TC-2043", 30)],
        },
        {
            # Not numbered yet.
            **elements.credit("CreditNote", 202, "ACCRECCREDIT", tui),
            "CreditNoteNumber": "",
            "Reference": "",
            "RemainingCredit": 0,
            **elements.dates("2026-03-10"),
            **elements.amounts(0, 0, 0, updated="/Date(1773100800000)/"),
            "Status": "DRAFT",
        },
        {
            **elements.credit("CreditNote", 203, "ACCPAYCREDIT", tui),
            "CreditNoteNumber": "",
            "Reference": "",
            "RemainingCredit": 44,
            **elements.dates("2026-03-10"),
            **elements.amounts(40, 4, 44, updated="/Date(1773100800001+0000)/"),
            "Status": "AUTHORISED",
        },
    ]


def overpayments() -> list[Element]:
    """Return the list of overpayments."""
    ines = elements.contact_stub(2, "Inès Õunapuu 🦘")
    return [
        {
            # One allocation was taken back.
            **elements.credit("Overpayment", 301, "RECEIVE-OVERPAYMENT", ines),
            "Reference": "Paid twice",
            "RemainingCredit": 15,
            **elements.dates("2026-03-11"),
            **elements.amounts(25, 0, 25, updated="/Date(1773187200000+0000)/"),
            "Status": "AUTHORISED",
            "LineAmountTypes": "NoTax",
            "Allocations": [
                elements.allocation(32, 105, "TC-2044", 10),
                {**elements.allocation(33, 105, "TC-2044", 3), "IsDeleted": True},
            ],
        },
        {
            **elements.credit("Overpayment", 302, "SPEND-OVERPAYMENT", ines),
            "RemainingCredit": 500,
            **elements.dates("2026-03-12"),
            **elements.amounts(500, 0, 500, updated="/Date(1773273600000+0000)/"),
            "Status": "AUTHORISED",
        },
        {
            # No reference, no rate.
            **elements.credit("Overpayment", 303, "RECEIVE-OVERPAYMENT", ines),
            "RemainingCredit": 0,
            **elements.dates("2026-03-12"),
            **elements.amounts(1, 0, 1, updated="/Date(1773273600000+0000)/"),
            "Status": "VOIDED",
        },
    ]


def prepayments() -> list[Element]:
    """Return the list of prepayments."""
    tui = elements.contact_stub(1, "Tui & Daughters Pty Ltd")
    return [
        {
            # Reference and number are the same thing.
            **elements.credit("Prepayment", 401, "RECEIVE-PREPAYMENT", tui),
            "Reference": "DEP-5",
            "InvoiceNumber": "DEP-5",
            "RemainingCredit": 0,
            **elements.dates("2026-03-13"),
            **elements.amounts(100, 10, 110, updated="/Date(1773360000730+0000)/"),
            "Status": "PAID",
            "LineItems": [elements.line(4, "Deposit", 1, 100, 100)],
        },
        {
            **elements.credit("Prepayment", 402, "SPEND-PREPAYMENT", tui),
            "RemainingCredit": 9,
            **elements.dates("2026-03-13"),
            **elements.amounts(9, 0, 9, updated="/Date(1773360000731+0000)/"),
            "Status": "AUTHORISED",
        },
    ]


def contacts() -> list[Element]:
    """Return the list of contacts."""
    nothing = {"City": "", "Region": "", "PostalCode": "", "Country": ""}
    return [
        {
            "ContactID": elements.id_of(1),
            "ContactNumber": "TUI",
            "AccountNumber": "1203",
            "ContactStatus": "ACTIVE",
            "Name": "Tui & Daughters Pty Ltd",
            "FirstName": "Tui",
            "LastName": "Made-Up",
            "CompanyNumber": "000 111",
            "EmailAddress": "accounts@tui.example",
            "BankAccountDetails": "",
            "TaxNumber": "",
            "Addresses": [
                {"AddressType": "STREET", **nothing},
                {"AddressType": "POBOX", "AddressLine1": "PO Box 3", **nothing, "City": "Dubbo"},
            ],
            "Phones": [
                {
                    "PhoneType": kind,
                    "PhoneNumber": number,
                    "PhoneAreaCode": "",
                    "PhoneCountryCode": "",
                }
                for kind, number in (("DDI", ""), ("DEFAULT", "5550 1203"), ("MOBILE", ""))
            ],
            "UpdatedDateUTC": "/Date(1503348544227+0000)/",
            "ContactGroups": [],
            "IsSupplier": True,
            "IsCustomer": True,
            "SalesDefaultLineAmountType": "INCLUSIVE",
            "DefaultCurrency": "AUD",
            "Balances": {
                "AccountsReceivable": {"Outstanding": 67.9, "Overdue": 0},
                "AccountsPayable": {"Outstanding": -4.4, "Overdue": 44},
            },
            "ContactPersons": [
                {"FirstName": "Kea", "EmailAddress": "kea@tui.example", "IncludeInEmails": True}
            ],
            "HasAttachments": False,
            "HasValidationErrors": False,
        },
        {
            # Nothing but what every contact has.
            "ContactID": elements.id_of(2),
            "ContactStatus": "ACTIVE",
            "Name": "Inès Õunapuu 🦘",
            "UpdatedDateUTC": "/Date(1773446400000)/",
        },
        {
            # Merged into the first.
            "ContactID": elements.id_of(3),
            "ContactNumber": "",
            "ContactStatus": "ARCHIVED",
            "Name": "Tui and Daughters",
            "EmailAddress": "",
            "MergedToContactID": elements.id_of(1),
            "Addresses": [],
            "Phones": [],
            "UpdatedDateUTC": "/Date(1773446400001+0000)/",
            "HasValidationErrors": False,
        },
    ]
