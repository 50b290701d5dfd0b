"""Single values of Xero's JSON, read exactly or refused: text, amounts, ids, dates, instants.

Amounts arrive as `Decimal` (the client parses them from the bytes) and are taken as they are.
Document dates are calendar dates: `DateString` is the organisation's own and is preferred; its
twin `Date` is midnight UTC of the same day, never converted through a zone. Instants are UTC.
Absent, null and empty mean the same (Xero omits what has no value).
"""

import functools
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from xero_sync.api import json_codec

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Digits before the point: one less than numeric(19, 4) and, for a rate, numeric(18, 6) hold, so
# that rounding cannot make it too large either.
_AMOUNT_DIGITS = 14
RATE_DIGITS = 11


class Unmappable(Exception):
    """A document that cannot be stored as it is; the message says why, for a person."""


def text(value: Any, longest: int | None = None) -> str:
    """Return text; absent becomes empty. (`json_codec` has replaced what PostgreSQL cannot hold.)

    :raises Unmappable: when it is not text or longer than `longest` characters.
    """
    # First what nearly every value is: this runs some thirty times a document.
    if type(value) is str and (longest is None or len(value) <= longest):
        return value
    if value is None:
        return ""
    if not isinstance(value, str | int | Decimal):
        raise Unmappable("text was expected where Xero sent something else")
    written = value if isinstance(value, str) else str(value)
    if longest is not None and len(written) > longest:
        raise Unmappable(f"a text of {len(written)} characters is longer than {longest}")
    return written


def amount(value: Any, digits: int = _AMOUNT_DIGITS) -> Decimal | int | None:
    """Return an amount exactly as sent, or None where there is none.

    :param digits: how many it may have before the point.
    :raises Unmappable: when it is no number, or too large for the column.
    """
    if type(value) is Decimal and value.adjusted() < digits:
        return value
    if value is None or value == "":
        return None
    if isinstance(value, str):
        # Some of Xero's own documentation shows amounts as strings.
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise Unmappable(f"{value[:40]!r} is not an amount") from None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unmappable("an amount was expected where Xero sent something else")
    if not Decimal(value).is_finite() or abs(value) >= 10**digits:
        raise Unmappable("an amount is larger than any ledger holds")
    return value


def identifier(value: Any) -> str | None:
    """Return a Xero id in lower case, or None where there is none.

    :raises Unmappable: when it does not look like an id.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and _UUID.fullmatch(value):
        return value.lower()
    raise Unmappable(f"{str(value)[:40]!r} is not an id")


def instant(value: Any) -> datetime | None:
    """Return an aware UTC instant from `/Date(ms)/` or ISO 8601, to the millisecond.

    :raises Unmappable: when it is neither, or outside the calendar.
    """
    if value is None or value == "":
        return None
    try:
        return json_codec.instant_of(value)
    except ValueError:
        raise Unmappable(f"{str(value)[:40]!r} is not a date") from None


def calendar_date(as_string: Any, as_instant: Any = None) -> date | None:
    """Return a calendar date: the date part of `…String`, else the UTC day of its twin.

    :raises Unmappable: when neither can be read although one is there.
    """
    if as_string:
        try:
            return date.fromisoformat(as_string[:10])
        except (TypeError, ValueError):
            raise Unmappable(f"{str(as_string)[:40]!r} is not a date") from None
    if as_instant is None or as_instant == "":
        return None
    return _utc_day(as_instant) if type(as_instant) is str else _read_utc_day(as_instant)


def _read_utc_day(value: Any) -> date | None:
    moment = instant(value)
    return moment.date() if moment else None


# Thousands of documents share few days.
_utc_day = functools.lru_cache(maxsize=4096)(_read_utc_day)
