"""What can go wrong between us and Xero; `failures` decides what it was.

    XeroError
      Unavailable            no answer, or one that cannot be read: try again later
        OrganisationOffline  only this organisation does not answer
        BooksUnreadable      Xero was not asked: we cannot count our own calls
        TimedOut             it was asked, and took too long: ask for less
      Ambiguous              a write was sent and its fate is unknown: look before sending again
      RateLimited            Xero's limit is reached, or our own limiter refuses the call
      Unauthorised           the access token was not taken
      Refused                the token is good, yet this organisation is closed to it
        ScopeMissing         the grant lacks a permission
      Rejected               Xero read the request and will not do it, in its own words
      NotFound               there is nothing under that id
      Unexpected             everything that is not listed here: our bug until shown otherwise

The sentence of an error is ours and safe to log. Xero's own words
may name people, so they stand only in `Rejected.messages`, which is for pages, not for logs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from connected_apps.lifecycle import refusals

LimitKind = Literal["minute", "day", "concurrent", "appminute"]


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

    @property
    def may_be_one_rows(self) -> bool:
        """Whether one row of what was asked for may be why: Xero failed, or gave what is no JSON.

        Its gateway says 502, 503 and 504, and below HTTP it is the line.
        """
        return self.status in (200, 500)


class OrganisationOffline(Unavailable):
    """Xero works, but this one organisation is being maintained."""


class BooksUnreadable(Unavailable):
    """No call was made, since the books of our calls cannot be read: Valkey is away or hangs."""


class TimedOut(Unavailable):
    """Xero was asked and took too long, so the same question may take too long again."""


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
