"""What a reply or a broken connection stands for: from HTTP to the errors of `errors`.

The status decides first, because three of Xero's bodies are not JSON (a 404 is HTML, a 429 is
empty, a 503 is plain text).
"""

import datetime
import email.utils
from collections.abc import Mapping
from typing import Any

import urllib3.exceptions

from connected_apps.lifecycle import refusals
from lrm.watching import tallies
from xero_sync.api import errors, json_codec

# As what `/metrics` shows how often each kind happens.
COUNTED_AS = "lrm_xero_failures"
# Xero recommends asking again after about five minutes when an organisation is offline.
OFFLINE_SECONDS = 300.0
_LIMIT_KINDS: dict[str, errors.LimitKind] = {
    "minute": "minute",
    "day": "day",
    "daily": "day",  # The spelling of older documentation.
    "concurrent": "concurrent",
    "appminute": "appminute",
}
_OFFLINE = "the organisation is offline"
# The gateway says one of these before anything was done.
_REFUSED_AT_THE_GATE = (_OFFLINE, "offline for maintenance", "temporarily unavailable")


def classify(
    status: int, headers: Mapping[str, str], body: bytes, *, wrote: bool
) -> errors.XeroError:
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
            return errors.NotFound("Xero has nothing under that id.", **facts)
        case 429:
            return _limited(headers, facts)
        case 408 | 500 | 502 | 503 | 504:
            return _troubled(status, headers, body, facts, wrote=wrote)
        case _:
            return errors.Unexpected(f"Xero answered with status {status}.", **facts)


def of_transport(error: urllib3.exceptions.HTTPError, *, wrote: bool) -> errors.XeroError:
    """Return the error that a failure below HTTP stands for: no reply, or half of one.

    A connection that was never made has changed nothing; after that, a write may have been done.
    """
    # Their class says enough. The text of some names the address with its query, and so people.
    cause = type(error).__name__
    if isinstance(error, urllib3.exceptions.MaxRetryError):
        # Retries are off, so this is the one other thing that raises it.
        return errors.Unexpected("Xero redirected the call, which it never does.")
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return errors.Unavailable(f"Xero could not be reached ({cause}).")
    if wrote:
        return errors.Ambiguous(f"The request was sent to Xero, but no reply came ({cause}).")
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return errors.TimedOut(f"Xero did not answer in time ({cause}).")
    return errors.Unavailable(f"Xero did not answer ({cause}).")


def counted(failure: errors.XeroError) -> errors.XeroError:
    """Return a failure that is about to be raised, once it is counted for `/metrics`."""
    tallies.add(COUNTED_AS, type(failure).__name__)
    return failure


def of_nonsense(what: str, *, wrote: bool, **facts: Any) -> errors.XeroError:
    """Return the error of a reply that says all is well, but cannot be read."""
    if wrote:
        return errors.Ambiguous(f"Xero's reply to a write cannot be read: {what}.", **facts)
    return errors.Unavailable(f"Xero's reply cannot be read: {what}.", **facts)


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


def _rejected(body: bytes, facts: dict[str, Any]) -> errors.Rejected:
    problem = json_codec.object_or_empty(body)
    elements = [one for one in _list_of(problem.get("Elements")) if isinstance(one, dict)]
    messages = [text for one in elements for text in messages_of(one)]
    if not messages:
        messages = [str(problem[key]) for key in ("Message", "Detail") if problem.get(key)][:1]
    return errors.Rejected(
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
) -> errors.XeroError:
    challenge = headers.get("WWW-Authenticate", "")
    facts["detail"] = detail = str(json_codec.object_or_empty(body).get("Detail") or challenge)
    if refusals.names_missing_scope(f"{challenge} {detail}"):
        facts["detail"] = refusals.SCOPE_WORDS[0]
        return errors.ScopeMissing("The grant lacks a permission that this call needs.", **facts)
    if status == 403:
        return errors.Refused("Xero refused access to this organisation.", **facts)
    return errors.Unauthorised("Xero did not take the access token.", **facts)


def _limited(headers: Mapping[str, str], facts: dict[str, Any]) -> errors.RateLimited:
    retry_after = seconds_of(headers.get("Retry-After"))
    named = headers.get("X-Rate-Limit-Problem", "").strip().lower()
    # Of the four, only concurrency comes without a time to wait.
    kind = _LIMIT_KINDS.get(named, "concurrent" if retry_after is None else "minute")
    if retry_after is None:
        retry_after = 1.0 if kind == "concurrent" else 60.0
    return errors.RateLimited(
        f"Xero's {kind} limit is reached.", kind=kind, retry_after=retry_after, **facts
    )


def _troubled(
    status: int, headers: Mapping[str, str], body: bytes, facts: dict[str, Any], *, wrote: bool
) -> errors.XeroError:
    text = body[:500].decode("utf-8", "replace").lower()
    retry_after = seconds_of(headers.get("Retry-After"))
    if status == 503 and _OFFLINE in text:
        return errors.OrganisationOffline(
            "The organisation is offline in Xero.",
            retry_after=retry_after if retry_after is not None else OFFLINE_SECONDS,
            **facts,
        )
    untouched = status == 503 and any(words in text for words in _REFUSED_AT_THE_GATE)
    if wrote and not untouched:
        return errors.Ambiguous(
            f"Xero answered a write with status {status}: it may have been done.",
            key_is_spent=True,
            **facts,
        )
    kind = errors.TimedOut if status in (408, 504) else errors.Unavailable
    return kind(f"Xero is not available (status {status}).", retry_after=retry_after, **facts)


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
