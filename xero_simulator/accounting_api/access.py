"""Who may make an accounting call, in the order in which Xero looks: bearer, organisation, scope.

After that an organisation that is offline and a query that is too long are refused, and only then
is a call counted against the limits.
"""

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import limits, plain_forms
from xero_simulator.gateway import bearer, gateway_errors, middleware
from xero_simulator.identity import tokens
from xero_simulator.ledger import organisation

PREFIX = "/api.xro/"
MAX_QUERY = 2048
_ORGANISATION = "organisation"
_INVOICES, _PAYMENTS = "accounting.invoices", "accounting.payments"
_BANK, _SETTINGS = "accounting.banktransactions", "accounting.settings"
# The granular scope of each resource, from Xero's scopes page; `.read` is enough for GET.
_SCOPES = {
    "invoices": _INVOICES,
    "creditnotes": _INVOICES,
    "overpayments": _PAYMENTS,
    "prepayments": _PAYMENTS,
    "payments": _PAYMENTS,
    "contacts": "accounting.contacts",
    "contactgroups": "accounting.contacts",
    **dict.fromkeys(("organisation", "organisations", "accounts", "taxrates"), _SETTINGS),
    **dict.fromkeys(("currencies", "brandingthemes", "trackingcategories", "users"), _SETTINGS),
    **dict.fromkeys(("quotes", "purchaseorders", "repeatinginvoices", "items"), _INVOICES),
    "linkedtransactions": _INVOICES,
    "batchpayments": _PAYMENTS,
    **dict.fromkeys(("banktransactions", "banktransfers"), _BANK),
    "manualjournals": "accounting.manualjournals",
}


def check(request: web.Request) -> tokens.AccessToken:
    """Return what the bearer of a call stands for, and note which organisation it reaches.

    :raises middleware.Refused: the call may not be made.
    """
    token = bearer.check(request)
    request[_ORGANISATION] = _connected_organisation(request, token)
    _check_scope(request, token)
    if organisation_of(request).status == "offline":
        raise middleware.Refused(web.Response(status=503, text="The Organisation is offline"))
    if len(request.raw_path.partition("?")[2]) > MAX_QUERY:
        raise middleware.Refused(web.Response(status=414, text="The request URI is too long"))
    return token


def organisation_of(request: web.Request) -> organisation.Organisation:
    """Return the organisation that a call was let through to."""
    found: organisation.Organisation = request[_ORGANISATION]
    return found


def _connected_organisation(
    request: web.Request, token: tokens.AccessToken
) -> organisation.Organisation:
    """Return the organisation that the call names, where this user has connected it."""
    simulation = simulations.of(request)
    tenant = plain_forms.plain_id(request.headers.get("xero-tenant-id", ""))
    connected = simulation.connections.is_connected(token.user_id, token.client_id, tenant)
    if tenant in simulation.organisations and connected:
        return simulation.organisations[tenant]
    answer = gateway_errors.forbidden(middleware.correlation_id_of(request))
    left = request.app[limits.LIMITER_KEY].headers(token.client_id, tenant)
    answer.headers["X-AppMinLimit-Remaining"] = left["X-AppMinLimit-Remaining"]
    raise middleware.Refused(answer)


def _check_scope(request: web.Request, token: tokens.AccessToken) -> None:
    needed = _SCOPES.get(_resource(request))
    if needed is None or needed in token.scopes:
        return
    if request.method in ("GET", "HEAD") and f"{needed}.read" in token.scopes:
        return
    answer = gateway_errors.unauthorised(
        "AuthorizationUnsuccessful", middleware.correlation_id_of(request)
    )
    answer.headers["WWW-Authenticate"] = "insufficent_scope"  # Xero's own spelling.
    raise middleware.Refused(answer)


def _resource(request: web.Request) -> str:
    parts = request.path[len(PREFIX) :].split("/")
    return parts[1].lower() if len(parts) > 1 else ""
