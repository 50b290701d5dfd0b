"""Every call to Xero's identity service and to `/connections`.

One attempt a call, with explicit timeouts and no redirects followed: who calls decides about trying
again. Answers are classified here into the errors of `connected_apps.errors`; bodies, codes and
tokens are never logged and never stand in an error's message.
"""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from requests.auth import AuthBase

from connected_apps import errors
from connected_apps.oauth import id_tokens, jwt_claims
from lrm import page_calls

TIMEOUT = (3.05, 10.0)  # Seconds to connect, seconds between two bytes.
DEFAULT_LIFE_SECONDS = 1800  # Xero's access tokens; used only where `expires_in` is missing.
ORGANISATION = "ORGANISATION"

# Xero's page on OAuth 2.0 troubleshooting: these say that the app is at fault, not the user.
_APP_FAULTS = {"invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"}


@dataclass(frozen=True)
class TokenPair:
    """What the token endpoint gave. Token texts stay out of its repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    life_seconds: int
    scopes: str
    xero_user_id: str
    # From the id token once that is verified; empty before.
    xero_user_name: str
    authentication_event_id: str
    id_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class TenantConnection:
    """One line of `/connections`."""

    connection_id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    authentication_event_id: str
    created: str
    updated: str


class _Bearer(AuthBase):
    """Puts the token on a request. As `auth` rather than a header, so that no netrc replaces it."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request


def authorize_url(*, state: str, verifier: str, nonce: str, redirect_uri: str) -> str:
    """Return the address of Xero's consent page for one attempt to connect."""
    session = _session(scope=settings.XERO_SCOPES, redirect_uri=redirect_uri)
    url, _state = session.create_authorization_url(
        settings.XERO_AUTHORIZE_URL, state=state, code_verifier=verifier, nonce=nonce
    )
    return str(url)


def redeem_code(*, code: str, verifier: str, nonce: str, redirect_uri: str) -> TokenPair:
    """Exchange an authorization code for tokens, and verify that they are for this attempt.

    :raises errors.IdTokenRefused: they are not.
    :raises errors.GrantRefused: the code was used, is older than 5 minutes or not ours.
    :raises errors.IdentityUnavailable: no usable answer.
    :raises errors.IdentityMisconfigured: Xero refuses this app.
    """
    is_told_who = "openid" in settings.XERO_SCOPES
    if is_told_who:
        # First: a code can be used once.
        id_tokens.prepare(timeout=_timeout())
    pair = _token_pair(
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=redirect_uri,
    )
    if not is_told_who:
        return pair
    claims = id_tokens.claims_of(
        pair.id_token, nonce=nonce, access_token=pair.access_token, timeout=_timeout()
    )
    return replace(pair, xero_user_name=jwt_claims.person_named_by(claims))


def refresh(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token for a new pair.

    :raises errors.GrantRefused: the token is revoked, expired or replaced too long ago.
    :raises errors.IdentityUnavailable: no usable answer; the token may still be good.
    :raises errors.IdentityMisconfigured: Xero refuses this app.
    """
    return _token_pair(grant_type="refresh_token", refresh_token=refresh_token)


def revoke(*, refresh_token: str) -> None:
    """End a grant in Xero, and with it **every** connection of that Xero user to this app.

    :raises errors.IdentityUnavailable: Xero did not confirm it.
    """
    with _session() as session:
        try:
            response = session.revoke_token(
                f"{settings.XERO_IDENTITY_URL}/connect/revocation",
                token=refresh_token,
                token_type_hint="refresh_token",  # noqa: S106 - a kind of token, not a token
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _unreachable(error) from None
    if response.status_code != requests.codes.ok:
        raise errors.IdentityUnavailable(f"Xero answered {response.status_code} to a revocation")


def connections(*, access_token: str) -> list[TenantConnection]:
    """Return every organisation the Xero user has connected to this app, earlier ones included.

    Tenants of other kinds (a practice) are left out.

    :raises errors.TokenRefused: 401.
    :raises errors.IdentityUnavailable: no usable answer.
    """
    response = _call_connections("GET", "", access_token)
    if response.status_code != requests.codes.ok:
        raise errors.IdentityUnavailable(f"Xero answered {response.status_code} to /connections")
    try:
        return _organisations_in(response.json())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise errors.IdentityUnavailable("Xero's answer to /connections is not readable") from None


def remove_connection(*, access_token: str, connection_id: uuid.UUID) -> bool:
    """Remove one connection in Xero; return False where Xero had none of that id any more.

    :param connection_id: Xero's id of the connection, not of the tenant.
    :raises errors.TokenRefused: 401.
    :raises errors.IdentityUnavailable: Xero did not confirm it.
    """
    response = _call_connections("DELETE", f"/{connection_id}", access_token)
    if response.status_code == requests.codes.not_found:
        return False
    if response.status_code not in {requests.codes.no_content, requests.codes.ok}:
        raise errors.IdentityUnavailable(f"Xero answered {response.status_code} to a removal")
    return True


def _timeout() -> tuple[float, float]:
    """Return the seconds for a call: fewer where a person's page waits for it."""
    connect, read = TIMEOUT
    return page_calls.within(connect), page_calls.within(read)


def _session(**options: Any) -> OAuth2Session:
    return OAuth2Session(
        client_id=settings.XERO_CLIENT_ID,
        client_secret=settings.XERO_CLIENT_SECRET,
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - a method's name
        code_challenge_method="S256",
        **options,
    )


def _token_pair(**body: str) -> TokenPair:
    with _session() as session:
        try:
            answer = session.fetch_token(
                f"{settings.XERO_IDENTITY_URL}/connect/token",
                # A refresh is not cut short for a page: its answer must not be lost.
                timeout=TIMEOUT if "refresh_token" in body else _timeout(),
                allow_redirects=False,
                **body,
            )
        except OAuthError as error:
            raise _refusal(str(error.error)) from None
        except requests.RequestException as error:
            raise _unreachable(error) from None
        except ValueError:
            raise errors.IdentityUnavailable("the token endpoint's answer is not JSON") from None
    try:
        return _parsed_pair(dict(answer))
    except (KeyError, TypeError, ValueError):
        raise errors.IdentityUnavailable("the token endpoint's answer lacks a token") from None


def _parsed_pair(answer: dict[str, Any]) -> TokenPair:
    access_token, refresh_token = answer["access_token"], answer["refresh_token"]
    if not (isinstance(access_token, str) and isinstance(refresh_token, str)):
        raise TypeError("tokens are text")
    access_claims = jwt_claims.claims_of(access_token)
    return TokenPair(
        access_token=access_token,
        refresh_token=refresh_token,
        life_seconds=int(answer.get("expires_in") or DEFAULT_LIFE_SECONDS),
        scopes=str(answer.get("scope") or ""),
        xero_user_id=jwt_claims.text_claim(access_claims, "xero_userid"),
        xero_user_name="",
        id_token=str(answer.get("id_token") or ""),
        authentication_event_id=jwt_claims.text_claim(access_claims, "authentication_event_id"),
    )


def _refusal(code: str) -> errors.ConnectedAppsError:
    if code == "invalid_grant":
        return errors.GrantRefused("invalid_grant")
    if code in _APP_FAULTS:
        return errors.IdentityMisconfigured(f"Xero answered {code}: see XERO_CLIENT_ID and kin")
    return errors.IdentityUnavailable("the token endpoint answered with an unknown error")


def _unreachable(error: requests.RequestException) -> errors.IdentityUnavailable:
    # The class name only: the text of these errors can hold addresses with codes in them.
    return errors.IdentityUnavailable(f"Xero's identity service: {type(error).__name__}")


def _call_connections(method: str, suffix: str, access_token: str) -> requests.Response:
    try:
        response = requests.request(
            method,
            f"{settings.XERO_API_URL}/connections{suffix}",
            auth=_Bearer(access_token),
            headers={"Accept": "application/json"},
            timeout=_timeout(),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise _unreachable(error) from None
    if response.status_code == requests.codes.unauthorized:
        raise errors.TokenRefused("Xero answered 401 to /connections")
    return response


def _organisations_in(answer: Any) -> list[TenantConnection]:
    if not isinstance(answer, list):
        raise TypeError("a list of connections is expected")
    return [_tenant_connection(item) for item in answer if item["tenantType"] == ORGANISATION]


def _tenant_connection(item: dict[str, Any]) -> TenantConnection:
    return TenantConnection(
        connection_id=uuid.UUID(item["id"]),
        tenant_id=uuid.UUID(item["tenantId"]),
        name=" ".join(str(item.get("tenantName") or "Organisation without a name").split()),
        authentication_event_id=str(item.get("authEventId") or ""),
        created=str(item.get("createdDateUtc") or ""),
        updated=str(item.get("updatedDateUtc") or ""),
    )
