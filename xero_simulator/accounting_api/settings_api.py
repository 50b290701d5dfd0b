"""Lists that clients look at before they read documents, and lists of what nobody makes here.

The pretend organisations have currencies, tax rates, accounts and the like, few and fixed. Of
quotes, bank transactions and manual journals they have none, and reports are without rows; but the
addresses answer, because official clients ask all of them: the `--discover` of tap-xero begins with
the currencies, and Xero's own MCP server has a tool for each.
"""

import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import access, fields, plain_forms, query, xero_json
from xero_simulator.accounting_api.accounting_errors import query_parse
from xero_simulator.gateway import gateway_errors
from xero_simulator.ledger.organisation import Organisation

Rows = Callable[[Organisation], list[dict[str, Any]]]
_CURRENCIES = {
    "AUD": "Australian Dollar",
    "NZD": "New Zealand Dollar",
    "SGD": "Singapore Dollar",
    "USD": "United States Dollar",
}
_ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", "ASSET"),
    ("200", "Course fees", "REVENUE", "REVENUE"),
    ("205", "Enrolment fees", "REVENUE", "REVENUE"),
    ("400", "Advertising", "EXPENSE", "EXPENSE"),
    ("610", "Accounts Receivable", "CURRENT", "ASSET"),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY"),
)
_TAX_RATES = {
    "AU": (("GST on Income", "OUTPUT", "10.0000"), ("GST Free Income", "EXEMPTOUTPUT", "0.0000")),
    "NZ": (("15% GST on Income", "OUTPUT2", "15.0000"), ("Zero Rated", "ZERORATED", "0.0000")),
}
_STAMP = "/Date(1577836800000+0000)/"
_EMPTY = (
    *("BankTransactions", "BankTransfers", "BatchPayments", "Employees", "ExpenseClaims"),
    *("LinkedTransactions", "ManualJournals", "PurchaseOrders", "Quotes", "Receipts"),
    "RepeatingInvoices",
)
_REPORTS = (
    *("AgedPayablesByContact", "AgedReceivablesByContact", "BalanceSheet", "ProfitAndLoss"),
    *("TrialBalance",),
)


def _id(organisation: Organisation, *words: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((organisation.tenant_id, *words))))


def _currencies(organisation: Organisation) -> list[dict[str, Any]]:
    return [{"Code": code, "Description": words} for code, words in _CURRENCIES.items()]


def _accounts(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "AccountID": _id(organisation, "account", code),
            "Code": code,
            "Name": name,
            "Status": "ACTIVE",
            "Type": kind,
            "TaxType": "NONE",
            "Class": group,
            "EnablePaymentsToAccount": False,
            "ShowInExpenseClaims": False,
            "HasAttachments": False,
            "UpdatedDateUTC": _STAMP,
            "AddToWatchlist": False,
        }
        for code, name, kind, group in _ACCOUNTS
    ]


def _tax_rates(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "Name": name,
            "TaxType": kind,
            "CanApplyToRevenue": True,
            "DisplayTaxRate": xero_json.number(percent),
            "EffectiveRate": xero_json.number(percent),
            "Status": "ACTIVE",
            "TaxComponents": [
                {
                    "Name": "GST",
                    "Rate": xero_json.number(percent),
                    "IsCompound": False,
                    "IsNonRecoverable": False,
                }
            ],
        }
        for name, kind, percent in _TAX_RATES[organisation.country]
    ]


def _items(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "ItemID": _id(organisation, "item", code),
            "Code": code,
            "Name": name,
            "Description": name,
            "IsSold": True,
            "IsPurchased": False,
            "IsTrackedAsInventory": False,
            "SalesDetails": {"UnitPrice": xero_json.number("120.0000"), "AccountCode": "200"},
            "UpdatedDateUTC": _STAMP,
        }
        for code, name in (("BOOK", "Learner workbook"), ("ENROL", "Enrolment fee"))
    ]


def _tracking(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "TrackingCategoryID": _id(organisation, "tracking"),
            "Name": "Campus",
            "Status": "ACTIVE",
            "Options": [
                {
                    "TrackingOptionID": _id(organisation, "tracking", name),
                    "Name": name,
                    "Status": "ACTIVE",
                }
                for name in ("City", "Online")
            ],
        }
    ]


def _themes(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "BrandingThemeID": _id(organisation, "theme"),
            "Name": "Standard",
            "SortOrder": 0,
            "CreatedDateUTC": _STAMP,
        }
    ]


def _users(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "UserID": _id(organisation, "user"),
            "EmailAddress": "accounts@example.com",
            "FirstName": "Pat",
            "LastName": "Ledger",
            "UpdatedDateUTC": _STAMP,
            "IsSubscriber": True,
            "OrganisationRole": "STANDARD",
        }
    ]


def _groups(organisation: Organisation) -> list[dict[str, Any]]:
    return [
        {
            "ContactGroupID": _id(organisation, "group"),
            "Name": "Alumni",
            "Status": "ACTIVE",
            "Contacts": [],
        }
    ]


def _report(name: str) -> Rows:
    def rows(organisation: Organisation) -> list[dict[str, Any]]:
        return [
            {
                "ReportID": name,
                "ReportName": name,
                "ReportType": name,
                "ReportTitles": [name, organisation.name],
                "ReportDate": organisation.books.today().isoformat(),
                "UpdatedDateUTC": _STAMP,
                "Fields": [],
                "Rows": [],
            }
        ]

    return rows


# What is listed at which address below the root.
LISTS: dict[str, tuple[str, Rows]] = {
    "Accounts": ("Accounts", _accounts),
    "BrandingThemes": ("BrandingThemes", _themes),
    "ContactGroups": ("ContactGroups", _groups),
    "Currencies": ("Currencies", _currencies),
    "Items": ("Items", _items),
    "TaxRates": ("TaxRates", _tax_rates),
    "TrackingCategories": ("TrackingCategories", _tracking),
    "Users": ("Users", _users),
    **{name: (name, lambda organisation: []) for name in _EMPTY},
    **{f"Reports/{name}": ("Reports", _report(name)) for name in _REPORTS},
}


def lister(collection: str, rows_of: Rows) -> Callable[[web.Request], Any]:
    """Return the handler of one list: `where`, `order`, paging and the instant as everywhere."""

    async def show(request: web.Request) -> web.Response:
        asked = query.read(request)
        rows = rows_of(access.organisation_of(request))
        try:
            if asked.since_ms is not None:
                rows = query.raw_since(rows, asked)
            rows = query.filter_and_sort(rows, asked, fields.of_raw(_sample(rows)))
            rows, paging = query.cut(rows, asked)
        except query.Refused as refusal:
            return query_parse(*refusal.as_answer)
        elements = [xero_json.raw_element(row) for row in rows]
        body = xero_json.envelope(
            simulations.of(request), str(uuid.uuid4()), collection, elements, paging
        )
        return xero_json.answer(request, body)

    return show


def shower(collection: str, rows_of: Rows) -> Callable[[web.Request], Any]:
    """Return the handler of one element by its id or code: an array of one, or the HTML 404."""

    async def show(request: web.Request) -> web.Response:
        wanted = plain_forms.plain_id(request.match_info["id"])
        for row in rows_of(access.organisation_of(request)):
            if wanted in (str(v).lower() for k, v in row.items() if k.endswith(("ID", "Code"))):
                elements = [xero_json.raw_element(row)]
                body = xero_json.envelope(
                    simulations.of(request), str(uuid.uuid4()), collection, elements
                )
                return xero_json.answer(request, body)
        return gateway_errors.not_found()

    return show


def _sample(rows: list[dict[str, Any]]) -> Callable[[str], fields.Field]:
    """Return a finder of the fields that the rows themselves have; where none has one, any."""

    def find(name: str) -> fields.Field:
        values = [v for row in rows for k, v in row.items() if k.lower() == name.lower()]
        if rows and not values:
            raise fields.UnknownField(name)
        kind = fields.FLAG if values and isinstance(values[0], bool) else fields.TEXT
        return fields.Field(kind, lambda row: None)

    return find
