"""What an app may ask of the consent pages, and the requests that are under way."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from xero_simulator.identity import scopes
from xero_simulator.simulations import RegisteredApp, XeroUser

_LOCAL_HOSTS = {"127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - refused here, not bound to.
_MOST_FLOWS = 1000


class RefusedRequest(Exception):
    """An authorize request that is shown an error page instead of being sent back."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Flow:
    """One authorize request on its way through the pages; `user` is set by signing in."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    code_challenge: str | None
    nonce: str | None
    bulk: bool
    user: XeroUser | None = None


class Flows:
    """The requests under way, by an unguessable id; the oldest are dropped beyond a thousand."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}

    def save(self, flow: Flow, flow_id: str | None = None) -> str:
        """Remember a flow and return its id."""
        flow_id = flow_id or secrets.token_urlsafe(16)
        self._flows[flow_id] = flow
        while len(self._flows) > _MOST_FLOWS:
            del self._flows[next(iter(self._flows))]
        return flow_id

    def find(self, flow_id: str) -> Flow:
        """Return a flow under way.

        :raises RefusedRequest: where it is unknown or finished.
        """
        flow = self._flows.get(flow_id)
        if flow is None:
            raise RefusedRequest("invalid_request", "This consent is finished or unknown.")
        return flow

    def end(self, flow_id: str) -> None:
        """Forget a flow."""
        self._flows.pop(flow_id, None)

    def clear(self) -> None:
        """Forget all flows."""
        self._flows.clear()


def read_request(query: Mapping[str, str], app: RegisteredApp) -> Flow:
    """Read an authorize request.

    :raises RefusedRequest: for whatever must not be answered by a redirect.
    """
    if query.get("client_id") != app.client_id:
        raise RefusedRequest("unauthorized_client", "Unknown client or client not enabled.")
    redirect_uri = query.get("redirect_uri", "")
    if not is_redirect_allowed(redirect_uri, app.redirect_uris):
        raise RefusedRequest("invalid_request", "Invalid redirect_uri.")
    if query.get("response_type") != "code":
        raise RefusedRequest("unsupported_response_type", "Response type must be code.")
    asked = tuple(query.get("scope", "").split())
    if (refusal := scopes.refusal_of(asked)) is not None:
        raise RefusedRequest("invalid_scope", refusal)
    challenge = query.get("code_challenge")
    if challenge is not None and query.get("code_challenge_method") != "S256":
        raise RefusedRequest("invalid_request", "Transform algorithm not supported.")
    return Flow(
        redirect_uri=redirect_uri,
        scopes=scopes.joined(asked),
        state=query.get("state"),
        code_challenge=challenge,
        nonce=query.get("nonce"),
        bulk="bulk_connect:true" in query.get("acr_values", "").split(),
    )


def is_redirect_allowed(redirect_uri: str, registered: tuple[str, ...]) -> bool:
    """Return whether a redirect address is one of the registered, letter for letter.

    Where none is registered any https or http://localhost address will do. Xero refuses
    http://127.0.0.1 when an app is set up, so it is refused here in either case.
    """
    parts = urlsplit(redirect_uri)
    if not parts.hostname or parts.fragment or parts.hostname in _LOCAL_HOSTS:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "localhost")
    return is_safe and (not registered or redirect_uri in registered)
