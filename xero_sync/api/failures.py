"""What a reply or a broken connection stands for: from HTTP to the errors of `errors`.

The status decides first, because three of Xero's bodies are not JSON (a 404 is HTML, a 429 is
empty, a 503 is plain text).
"""

import collections
import datetime
import email.utils
import html
import re
from collections.abc import Mapping
from typing import Any

import urllib3.exceptions

from connected_apps.lifecycle import refusals
from lrm.watching import tallies
from xero_sync.api import errors, json_codec

# As what `/metrics` shows how often each kind happens.
COUNTED_AS = "lrm_xero_failures"
# What is said of a refusal that gives no reason.
UNSAID = "Xero did not say why"
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
# In a body that is no JSON: what people are not to read, and how much of the rest they get.
_MARKUP = re.compile(
    r"<!--.*?-->|<(script|style|title)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
_MOST_READ, _LONGEST_TEXT = 10_000, 300


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
    messages = [text for one in elements for text in messages_of(one) if text]
    if not messages:
        messages = [str(problem[key]) for key in ("Message", "Detail") if problem.get(key)][:1]
    if not problem:
        messages = _plain_words(body)
    return errors.Rejected(
        "Xero rejected the request.",
        messages=messages,
        elements=elements,
        error_type=str(problem.get("Type") or ""),
        **facts,
    )


def _plain_words(body: bytes) -> list[str]:
    """Return what a body says that is no JSON, as one message of plain text; none where nothing.

    The guard of very large organisations was seen as a bare sentence (freakboy3742/pyxero,
    issue 373), and web servers refuse in HTML. JSON that is no error of Xero's, or the first half
    of some, is not for people, nor is anything that is no text.
    """
    try:
        text = body.decode("utf-8-sig")[:_MOST_READ]
    except UnicodeDecodeError:
        return []
    if _is_json(body) or text.lstrip().startswith(("{", "[", '"')):
        return []
    # Once without tags and once more, for what was written so as to show as a tag.
    for _ in range(2):
        text = html.unescape(_MARKUP.sub(" ", text))
    words = "".join(one if one.isprintable() and one not in "<>" else " " for one in text).split()
    joined = " ".join(words)
    if len(joined) > _LONGEST_TEXT:
        joined = f"{joined[: _LONGEST_TEXT - 1].rstrip()}…"
    return [joined] if joined else []


def _is_json(body: bytes) -> bool:
    try:
        json_codec.loads(body)
    except json_codec.NotJson:
        return False
    return True


def messages_of(element: Mapping[str, Any]) -> list[str]:
    """Return Xero's words on what is wrong with one element of a request; empty when nothing is.

    Those of its parts too: in the specification's example of a refused contact each address, phone
    and payment term has a list of its own, and nobody says that the contact's repeats them.
    The key is `Message`; some bulk replies have been seen to say `Description`.
    """
    # A part may say again what its whole says.
    found: dict[str, None] = {}
    # By their depth: what is said of the whole comes first.
    parts: collections.deque[Any] = collections.deque([element])
    while parts:
        part = parts.popleft()
        if isinstance(part, Mapping):
            found |= dict.fromkeys(_words_of(part.get("ValidationErrors")))
            parts.extend(value for name, value in part.items() if name != "ValidationErrors")
        elif isinstance(part, list):
            parts.extend(part)
    return list(found)


def refusal_of(contact: Mapping[str, Any]) -> list[str]:
    """Return why Xero did not take a contact that was written; empty where it did.

    One sign is enough, for no source says that they always come together: words, the flag, the
    verdict, or an id that is none, as an element that failed is echoed under the nil id. Where a
    contact counts as refused that was made, Xero is asked before anything is sent again; where one
    counted as made that was refused, its learner would be tied to an id that is nobody's.
    Warnings come with contacts that were taken.
    """
    words = messages_of(contact)
    xero_id = json_codec.uuid_or_none(contact.get("ContactID"))
    is_refused = (
        bool(words)
        or contact.get("HasValidationErrors") is True
        or str(contact.get("StatusAttributeString")).upper() == "ERROR"
        or xero_id is None
        or xero_id.int == 0
    )
    return ([one for one in words if one] or [UNSAID]) if is_refused else []


def _words_of(faults: Any) -> list[str]:
    objects = [one for one in _list_of(faults) if isinstance(one, dict)]
    return [str(one.get("Message") or one.get("Description") or "") for one in objects]


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
