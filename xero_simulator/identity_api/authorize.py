"""The consent pages: sign in as a made-up person, choose an organisation, allow or cancel.

A request that is wrong in itself (unknown app, address or scope) ends on a page of this service and
is never sent back to the app, as Xero's troubleshooting page says of the real one. One consent
connects one organisation, or several where the app asks for bulk connections.
"""

import uuid
from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web

from xero_simulator import html_pages, simulations
from xero_simulator.identity import grants, scopes
from xero_simulator.identity.connection_registry import ORGANISATION, Tenant
from xero_simulator.identity_api import authorize_request
from xero_simulator.identity_api.authorize_request import Flow, Flows, RefusedRequest
from xero_simulator.simulations import Simulation, XeroUser

AUTHORIZE_PATH = "/identity/connect/authorize"
SIGN_IN_PATH = "/identity/sign-in"
CONSENT_PATH = "/identity/consent"


FLOWS_KEY: web.AppKey[Flows] = web.AppKey("flows", Flows)


def add_routes(app: web.Application) -> None:
    """Serve the pages."""
    app[FLOWS_KEY] = Flows()
    app[simulations.SIMULATION_KEY].on_reset.append(app[FLOWS_KEY].clear)
    app.router.add_get(AUTHORIZE_PATH, show_sign_in)
    app.router.add_post(SIGN_IN_PATH, sign_in)
    app.router.add_get(CONSENT_PATH, show_consent)
    app.router.add_post(CONSENT_PATH, decide)


async def show_sign_in(request: web.Request) -> web.Response:
    """Check an authorize request and ask who is there."""
    simulation = simulations.of(request)
    try:
        flow = authorize_request.read_request(request.query, simulation.app)
    except RefusedRequest as refused:
        return _refusal(refused)
    flow_id = request.app[FLOWS_KEY].save(flow)
    return html_pages.page(
        "sign_in.html",
        action=SIGN_IN_PATH,
        flow_id=flow_id,
        app_name=simulation.app.name,
        people=[
            (user, _organisations_in_words(simulation, user)) for user in simulation.users.values()
        ],
    )


async def sign_in(request: web.Request) -> web.Response:
    """Note who signed in and go on to the question."""
    form = await request.post()
    flow_id = str(form.get("flow", ""))
    user = simulations.of(request).users.get(str(form.get("user", "")))
    if user is None:
        return _refusal(RefusedRequest("invalid_request", "Nobody of that name has a login here."))
    try:
        flow = request.app[FLOWS_KEY].find(flow_id)
    except RefusedRequest as refused:
        return _refusal(refused)
    request.app[FLOWS_KEY].save(replace(flow, user=user), flow_id)
    return html_pages.see_other(f"{CONSENT_PATH}?flow={flow_id}")


async def show_consent(request: web.Request) -> web.Response:
    """Ask which organisation the app may reach, and for what."""
    simulation = simulations.of(request)
    flow_id = request.query.get("flow", "")
    try:
        flow, user = _signed_in(request, flow_id)
    except RefusedRequest as refused:
        return _refusal(refused)
    return _consent_page(simulation, flow, user, flow_id, problem=None)


async def decide(request: web.Request) -> web.Response:
    """Send the person back to the app with a code, or with a refusal."""
    simulation = simulations.of(request)
    form = await request.post()
    flow_id = str(form.get("flow", ""))
    try:
        flow, user = _signed_in(request, flow_id)
    except RefusedRequest as refused:
        return _refusal(refused)
    if form.get("decision") != "allow":
        request.app[FLOWS_KEY].end(flow_id)
        return _back(flow, {"error": "access_denied"})
    chosen = [str(value) for value in form.getall("tenant", [])]
    problem = _problem_of_choice(flow, user, chosen) or _problem_of_tier(simulation, user, chosen)
    if problem is not None:
        return _consent_page(simulation, flow, user, flow_id, problem=problem)
    request.app[FLOWS_KEY].end(flow_id)
    return _back(flow, {"code": _allow(simulation, flow, user, chosen)})


def _signed_in(request: web.Request, flow_id: str) -> tuple[Flow, XeroUser]:
    flow = request.app[FLOWS_KEY].find(flow_id)
    if flow.user is None:
        raise RefusedRequest("login_required", "Sign in first.")
    return flow, flow.user


def _problem_of_choice(flow: Flow, user: XeroUser, chosen: list[str]) -> str | None:
    if not set(chosen) <= set(user.tenant_ids):
        return "You have no access to that organisation."
    if not flow.bulk and len(chosen) > 1:
        return "Choose one organisation."
    if not chosen and user.tenant_ids and scopes.needs_organisation(flow.scopes):
        return "Choose an organisation."
    return None


def _problem_of_tier(simulation: Simulation, user: XeroUser, chosen: list[str]) -> str | None:
    """Return that the app may have no more connections, where it has as many as its tier allows.

    Xero says so on a page of its own and sends nobody back (its words are not known).
    """
    most, registry = simulation.habits.most_connections, simulation.connections
    client_id = simulation.app.client_id
    fresh = [one for one in chosen if not registry.is_connected(user.user_id, client_id, one)]
    if not most or len(registry.all_active()) + len(fresh) <= most:
        return None
    return "This app has reached the number of connections that its tier allows."


def _allow(simulation: Simulation, flow: Flow, user: XeroUser, chosen: list[str]) -> str:
    event_id = str(uuid.uuid4())
    tenants = [
        Tenant(tenant_id, simulation.organisations[tenant_id].name, ORGANISATION)
        for tenant_id in chosen
    ]
    practice = simulation.connections.practice_of(user.user_id)
    if practice is not None and scopes.needs_organisation(flow.scopes):
        tenants.append(practice)
    for tenant in tenants:
        simulation.connections.connect(
            user_id=user.user_id,
            client_id=simulation.app.client_id,
            tenant=tenant,
            auth_event_id=event_id,
        )
    return simulation.tokens.issue_code(
        grants.Consent(
            person=grants.Person(user.user_id, user.email, user.given_name, user.family_name),
            client_id=simulation.app.client_id,
            redirect_uri=flow.redirect_uri,
            scopes=flow.scopes,
            authentication_event_id=event_id,
            code_challenge=flow.code_challenge,
            nonce=flow.nonce,
            given_at=simulation.clock.now(),
        )
    )


def _back(flow: Flow, answer: dict[str, str]) -> web.Response:
    if flow.state is not None:
        answer["state"] = flow.state
    parts = urlsplit(flow.redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(answer)) if part)
    return web.Response(
        status=302,
        headers={
            "Location": urlunsplit(parts._replace(query=query)),
            "Cache-Control": "no-store",
            "X-Frame-Options": "DENY",
        },
    )


def _consent_page(
    simulation: Simulation, flow: Flow, user: XeroUser, flow_id: str, *, problem: str | None
) -> web.Response:
    already = simulation.tokens.granted_scopes(
        user_id=user.user_id, client_id=simulation.app.client_id
    )
    return html_pages.page(
        "consent.html",
        status=200 if problem is None else 400,
        action=CONSENT_PATH,
        flow_id=flow_id,
        app_name=simulation.app.name,
        user=user,
        bulk=flow.bulk,
        needs_organisation=scopes.needs_organisation(flow.scopes),
        organisations=[simulation.organisations[tenant_id] for tenant_id in user.tenant_ids],
        permissions=scopes.in_words(flow.scopes),
        already=[
            words for words in scopes.in_words(already) if words not in scopes.in_words(flow.scopes)
        ],
        problem=problem,
    )


def _refusal(refused: RefusedRequest) -> web.Response:
    return html_pages.page(
        "refused.html", status=400, error=refused.error, description=refused.description
    )


def _organisations_in_words(simulation: Simulation, user: XeroUser) -> str:
    names = [simulation.organisations[tenant_id].name for tenant_id in user.tenant_ids]
    return ", ".join(names) or "no organisation"
