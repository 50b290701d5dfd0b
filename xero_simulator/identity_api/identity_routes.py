"""The identity service: discovery, keys, token and revocation, beside the consent pages.

Errors of the token endpoint are JSON with status 400 and only the name of the error, as recorded
from Xero: `invalid_grant` for any code or refresh token that will not do, `invalid_client` for
wrong credentials, `unauthorized_client` where none came, `unsupported_grant_type` otherwise.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.gateway import middleware
from xero_simulator.identity import tokens
from xero_simulator.identity_api import authorize
from xero_simulator.simulations import Simulation

TOKEN_PATH = "/connect/token"  # noqa: S105 - an address, no secret.
REVOCATION_PATH = "/connect/revocation"
DISCOVERY_PATH = "/.well-known/openid-configuration"
KEY_SET_PATH = "/.well-known/openid-configuration/jwks"


class RefusedClient(Exception):
    """A call to the token endpoint that is answered by an error's name."""


def add_routes(app: web.Application) -> None:
    """Serve the identity service."""
    for prefix in ("/identity/", "/connect/", "/.well-known/"):
        middleware.add_address(app, prefix, host="identity")
    authorize.add_routes(app)
    app.router.add_get(DISCOVERY_PATH, discover)
    app.router.add_get(KEY_SET_PATH, show_keys)
    app.router.add_post(TOKEN_PATH, issue_tokens)
    app.router.add_post(REVOCATION_PATH, revoke)


async def discover(request: web.Request) -> web.Response:
    """Publish the addresses (OpenID Connect discovery)."""
    issuer = simulations.of(request).options.public_url
    return web.json_response(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}{KEY_SET_PATH}",
            "authorization_endpoint": f"{issuer}{authorize.AUTHORIZE_PATH}",
            "token_endpoint": f"{issuer}{TOKEN_PATH}",
            "revocation_endpoint": f"{issuer}{REVOCATION_PATH}",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


async def show_keys(request: web.Request) -> web.Response:
    """Publish the signing key."""
    return web.json_response(simulations.of(request).tokens.key_set())


async def issue_tokens(request: web.Request) -> web.Response:
    """Exchange a code or a refresh token."""
    simulation = simulations.of(request)
    form = await _read_form(request)
    try:
        client_id = _check_client(request, form, simulation)
        answer = _exchange(simulation, form, client_id)
    except RefusedClient as refused:
        return _error(str(refused))
    except tokens.InvalidGrant:
        return _error("invalid_grant")
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def revoke(request: web.Request) -> web.Response:
    """End a grant and all the user's connections; an unknown token is a success too."""
    simulation = simulations.of(request)
    form = await _read_form(request)
    try:
        client_id = _check_client(request, form, simulation)
    except RefusedClient as refused:
        return _error(str(refused))
    user_id = simulation.tokens.revoke(refresh_token=form.get("token", ""), client_id=client_id)
    if user_id is not None:
        simulation.connections.remove_user(user_id=user_id, client_id=client_id)
    return web.Response(status=200)


def _exchange(simulation: Simulation, form: Mapping[str, str], client_id: str) -> dict[str, Any]:
    kind = form.get("grant_type")
    if kind == "authorization_code":
        return simulation.tokens.redeem_code(
            code=form.get("code", ""),
            client_id=client_id,
            redirect_uri=form.get("redirect_uri", ""),
            code_verifier=form.get("code_verifier"),
            forgery=simulation.habits.id_token,
        )
    if kind == "refresh_token":
        return simulation.tokens.refresh(
            refresh_token=form.get("refresh_token", ""), client_id=client_id
        )
    if kind == "client_credentials":
        # Only apps of the custom-connection kind have this grant; this one is a web app.
        raise RefusedClient("unauthorized_client")
    raise RefusedClient("unsupported_grant_type")


def _check_client(request: web.Request, form: Mapping[str, str], simulation: Simulation) -> str:
    client_id, secret = _credentials(request, form)
    if not client_id:
        raise RefusedClient("unauthorized_client")
    is_known = hmac.compare_digest(client_id.encode(), simulation.app.client_id.encode())
    if not is_known or not hmac.compare_digest(
        secret.encode(), simulation.app.client_secret.encode()
    ):
        raise RefusedClient("invalid_client")
    return client_id


def _credentials(request: web.Request, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise RefusedClient("invalid_client") from None
    return unquote(client_id), unquote(secret)


async def _read_form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _error(name: str) -> web.Response:
    return web.json_response({"error": name}, status=400, headers={"Cache-Control": "no-store"})
