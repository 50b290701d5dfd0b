"""The addresses of the accounting API that the simulator serves, all below `/api.xro/2.0/`."""

import uuid
from collections.abc import Iterable

from aiohttp import web

from xero_simulator import online_invoice, simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    accounting_service,
    contacts_api,
    contacts_write,
    documents_api,
    payments_api,
    settings_api,
    xero_json,
)
from xero_simulator.gateway import any_case, gateway_errors
from xero_simulator.ledger import records

ROOT = "/api.xro/2.0"
# Approved sales invoices have a public page; a draft has none and a void one no longer does.
_ONLINE_STATUSES = frozenset(("AUTHORISED", "PAID"))


def add_routes(app: web.Application) -> None:
    """Serve the accounting endpoints behind access, limits and idempotency."""
    accounting_service.install(app)

    def get(path: str, handler: documents_api.Handler) -> None:
        app.router.add_get(any_case.any_case(f"{ROOT}/{path}"), handler)

    for name in ("Organisation", "Organisations"):
        get(name, show_organisation)
    for kind in records.KINDS:
        get(kind, documents_api.lister(kind))
        get(f"{kind}/{{id}}", documents_api.shower(kind))
    for kind in (records.CREDIT_NOTES, records.OVERPAYMENTS, records.PREPAYMENTS):
        get(f"{kind}/{{id}}/Allocations", documents_api.allocation_lister(kind))
    get("Invoices/{id}/OnlineInvoice", show_online_invoice)
    get("Payments", payments_api.list_payments)
    get("Payments/{id}", payments_api.show_payment)
    get("Contacts", contacts_api.list_contacts)
    get("Contacts/{id}", contacts_api.show_contact)
    contacts = any_case.any_case(f"{ROOT}/Contacts")
    app.router.add_put(contacts, contacts_write.create_contacts)
    app.router.add_post(contacts, contacts_write.update_or_create_contacts)
    app.router.add_post(f"{contacts}/{{id}}", contacts_write.update_contact)
    # Last, because the router looks at one after another: few clients ask for these.
    for path, (collection, rows_of) in settings_api.LISTS.items():
        get(path, settings_api.lister(collection, rows_of))
        if collection == path:
            get(f"{path}/{{id}}", settings_api.shower(collection, rows_of))


async def show_organisation(request: web.Request) -> web.Response:
    """Answer who the organisation is."""
    shown = access.organisation_of(request)
    is_demo = shown.is_demo
    fields = {
        "Name": shown.name,
        "LegalName": shown.name,
        "PaysTax": True,
        "Version": "AU" if shown.country == "AU" else "NZ",
        "OrganisationType": "COMPANY",
        "BaseCurrency": shown.base_currency,
        "CountryCode": shown.country,
        "IsDemoCompany": is_demo,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 30,
        "FinancialYearEndMonth": 6,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY1" if shown.country == "AU" else "TWOMONTHS",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": "/Date(1577836800000)/",
        "OrganisationEntityType": "COMPANY",
        "Timezone": shown.timezone,
        "ShortCode": shown.short_code,
        "OrganisationID": shown.tenant_id,
        "Edition": "BUSINESS",
        "Class": "DEMO" if is_demo else "PREMIUM",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    return _answer(request, "Organisations", [xero_json.raw_element(fields)])


async def show_online_invoice(request: web.Request) -> web.Response:
    """Answer the public address of a sales invoice; only those with one have an answer."""
    found = documents_api.find(request, records.INVOICES, request.match_info["id"])
    if found is None:
        return gateway_errors.not_found()
    if found.type != "ACCREC" or found.status not in _ONLINE_STATUSES:
        return accounting_errors.validation(
            "Online invoices exist for approved sales invoices only"
        )
    url = online_invoice.online_url(simulations.of(request).options.public_url, found.id)
    return _answer(request, "OnlineInvoices", [xero_json.element({"OnlineInvoiceUrl": url})])


def _answer(request: web.Request, collection: str, elements: Iterable[bytes]) -> web.Response:
    body = xero_json.envelope(simulations.of(request), str(uuid.uuid4()), collection, elements)
    return xero_json.answer(request, body)
