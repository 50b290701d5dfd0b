"""What can go wrong between us and Xero, and the one place that decides what it was.

    XeroError
      Unavailable            no answer, or one that cannot be read: try again later
        OrganisationOffline  only this organisation does not answer
      BooksUnreadable      Xero was not asked: we cannot count our own calls
      Ambiguous              a write was sent and its fate is unknown: look before sending again
      RateLimited            Xero's limit is reached, or our own limiter refuses the call
      Unauthorised           the access token was not taken
      Refused                the token is good, yet this organisation is closed to it
        ScopeMissing         the grant lacks a permission
      Rejected               Xero read the request and will not do it, in its own words
      NotFound               there is nothing under that id
      Unexpected             everything that is not listed here: our bug until shown otherwise

The status decides first, because three of Xero's bodies are not JSON (a 404 is HTML, a 429 is
empty, a 503 is plain text). The sentence of an error is ours and safe to log. Xero's own words
may name people, so they stand only in `Rejected.messages`, which is for pages, not for logs.
"""

import datetime
import email.utils
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import urllib3.exceptions

from connected_apps.lifecycle import refusals
from xero_sync.api import json_codec

LimitKind = Literal["minute", "day", "concurrent", "appminute"]

# Xero recommends asking again after about five minutes when an organisation is offline.
OFFLINE_SECONDS = 300.0
_LIMIT_KINDS: dict[str, LimitKind] = {
    "minute": "minute",
    "day": "day",
    "daily": "day",  # The spelling of older documentation.
    "concurrent": "concurrent",
    "appminute": "appminute",
}
_OFFLINE = "the organisation is offline"
# The gateway says one of these before anything was done.
_REFUSED_AT_THE_GATE = (_OFFLINE, "offline for maintenance", "temporarily unavailable")


class XeroError(Exception):
    """A call to Xero did not give what was asked for."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        correlation_id: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        # None where no reply came.
        self.status = status
        self.correlation_id = correlation_id
        # What was asked for, such as "credit notes"; set by who asked.
        self.asked_for = ""
        # Of the reply; the limiter corrects its books from them. Never logged.
        self.headers: Mapping[str, str] = headers if headers is not None else {}


class Unavailable(XeroError):
    """Try again, after `retry_after` seconds where Xero named a time."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class OrganisationOffline(Unavailable):
    """Xero works, but this one organisation is being maintained."""


class BooksUnreadable(Unavailable):
    """No call was made, since the books of our calls cannot be read: Valkey is away or hangs."""


class Ambiguous(XeroError):
    """A write was sent and nothing tells whether it was done.

    `key_is_spent` says that Xero has answered this idempotency key with an error. It repeats that
    answer for six minutes (Xero's guide to idempotent requests), so a resend needs a new key.
    """

    def __init__(self, message: str, *, key_is_spent: bool = False, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.key_is_spent = key_is_spent


class RateLimited(XeroError):
    """No call of this `kind` before `retry_after` seconds have passed."""

    def __init__(self, message: str, *, kind: LimitKind, retry_after: float, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.kind = kind
        self.retry_after = retry_after


class _TurnedAway(XeroError):
    """The gateway let nothing through. `detail` is Xero's own word for why."""

    def __init__(self, message: str, *, detail: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.detail = detail
        # Set once `/connections` has been asked what this means.
        self.refusal: refusals.Refusal | None = None


class Unauthorised(_TurnedAway):
    """The access token was not taken."""


class Refused(_TurnedAway):
    """The organisation is closed to this token: disconnected, a lost role, or a plan's bounds."""


class ScopeMissing(Refused):
    """The grant lacks a permission; only a new consent can give it."""


class Rejected(XeroError):
    """Xero understood and will not do it.

    `messages` are Xero's words; `elements` its echo of each element with its validation errors;
    `error_type` its own name of the error, such as `ValidationException`.
    """

    def __init__(
        self,
        message: str,
        *,
        messages: Sequence[str] = (),
        elements: Sequence[Mapping[str, Any]] = (),
        error_type: str = "",
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.messages = tuple(messages)
        self.elements = tuple(elements)
        self.error_type = error_type

    @property
    def is_about_filter(self) -> bool:
        """Whether Xero could not read a filter or an order; asking for less does not help."""
        return self.error_type == "QueryParseException"


class NotFound(XeroError):
    """There is nothing under that id, or it belongs to another organisation."""


class Unexpected(XeroError):
    """Nothing we know of: log it, stop the work, have a person look."""


def classify(status: int, headers: Mapping[str, str], body: bytes, *, wrote: bool) -> XeroError:
    """Return the error that a reply with a status outside 2xx stands for.

    `headers` must find names in any letter case, as urllib3's do. `wrote` says that the request
    may have changed something.
    """
    facts: dict[str, Any] = {
        "status": status,
        "correlation_id": headers.get("Xero-Correlation-Id", ""),
        "headers": headers,
    }
    match status:
        case 400:
            return _rejected(body, facts)
        case 401 | 403:
            return _refused(status, headers, body, facts)
        case 404:
            return NotFound("Xero has nothing under that id.", **facts)
        case 429:
            return _limited(headers, facts)
        case 408 | 500 | 502 | 503 | 504:
            return _troubled(status, headers, body, facts, wrote=wrote)
        case _:
            return Unexpected(f"Xero answered with status {status}.", **facts)


def of_transport(error: urllib3.exceptions.HTTPError, *, wrote: bool) -> XeroError:
    """Return the error that a failure below HTTP stands for: no reply, or half of one.

    A connection that was never made has changed nothing; after that, a write may have been done.
    """
    # Their class says enough. The text of some names the address with its query, and so people.
    cause = type(error).__name__
    if isinstance(error, urllib3.exceptions.MaxRetryError):
        # Retries are off, so this is the one other thing that raises it.
        return Unexpected("Xero redirected the call, which it never does.")
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return Unavailable(f"Xero could not be reached ({cause}).")
    if wrote:
        return Ambiguous(f"The request was sent to Xero, but no reply came ({cause}).")
    return Unavailable(f"Xero did not answer ({cause}).")


def of_nonsense(what: str, *, wrote: bool, **facts: Any) -> XeroError:
    """Return the error of a reply that says all is well, but cannot be read."""
    if wrote:
        return Ambiguous(f"Xero's reply to a write cannot be read: {what}.", **facts)
    return Unavailable(f"Xero's reply cannot be read: {what}.", **facts)


def seconds_of(retry_after: str | None) -> float | None:
    """Read a `Retry-After` header: seconds or an HTTP date. None where it is absent or garbled."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return max(0.0, (at - datetime.datetime.now(datetime.UTC)).total_seconds())


def _rejected(body: bytes, facts: dict[str, Any]) -> Rejected:
    problem = json_codec.object_or_empty(body)
    elements = [one for one in _list_of(problem.get("Elements")) if isinstance(one, dict)]
    messages = [text for one in elements for text in messages_of(one)]
    if not messages:
        messages = [str(problem[key]) for key in ("Message", "Detail") if problem.get(key)][:1]
    return Rejected(
        "Xero rejected the request.",
        messages=messages,
        elements=elements,
        error_type=str(problem.get("Type") or ""),
        **facts,
    )


def messages_of(element: Mapping[str, Any]) -> list[str]:
    """Return Xero's words on what is wrong with one element of a request; empty when nothing is.

    The key is `Message`; some bulk replies have been seen to say `Description`.
    """
    faults = [one for one in _list_of(element.get("ValidationErrors")) if isinstance(one, dict)]
    return [str(one.get("Message") or one.get("Description") or "") for one in faults]


def _refused(
    status: int, headers: Mapping[str, str], body: bytes, facts: dict[str, Any]
) -> XeroError:
    challenge = headers.get("WWW-Authenticate", "")
    facts["detail"] = detail = str(json_codec.object_or_empty(body).get("Detail") or challenge)
    if refusals.names_missing_scope(f"{challenge} {detail}"):
        facts["detail"] = refusals.SCOPE_WORDS[0]
        return ScopeMissing("The grant lacks a permission that this call needs.", **facts)
    if status == 403:
        return Refused("Xero refused access to this organisation.", **facts)
    return Unauthorised("Xero did not take the access token.", **facts)


def _limited(headers: Mapping[str, str], facts: dict[str, Any]) -> RateLimited:
    retry_after = seconds_of(headers.get("Retry-After"))
    named = headers.get("X-Rate-Limit-Problem", "").strip().lower()
    # Of the four, only concurrency comes without a time to wait.
    kind = _LIMIT_KINDS.get(named, "concurrent" if retry_after is None else "minute")
    if retry_after is None:
        retry_after = 1.0 if kind == "concurrent" else 60.0
    return RateLimited(
        f"Xero's {kind} limit is reached.", kind=kind, retry_after=retry_after, **facts
    )


def _troubled(
    status: int, headers: Mapping[str, str], body: bytes, facts: dict[str, Any], *, wrote: bool
) -> XeroError:
    text = body[:500].decode("utf-8", "replace").lower()
    retry_after = seconds_of(headers.get("Retry-After"))
    if status == 503 and _OFFLINE in text:
        return OrganisationOffline(
            "The organisation is offline in Xero.",
            retry_after=retry_after if retry_after is not None else OFFLINE_SECONDS,
            **facts,
        )
    untouched = status == 503 and any(words in text for words in _REFUSED_AT_THE_GATE)
    if wrote and not untouched:
        return Ambiguous(
            f"Xero answered a write with status {status}: it may have been done.",
            key_is_spent=True,
            **facts,
        )
    return Unavailable(
        f"Xero is not available (status {status}).", retry_after=retry_after, **facts
    )


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
