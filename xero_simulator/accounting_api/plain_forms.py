"""How a value is compared, whichever way a client writes it."""

import re
import unicodedata

_NO_DASHES = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def plain_id(text: str) -> str:
    """Return an id as the books write it: .NET reads one without dashes, and capitals, as well."""
    lowered = text.strip().lower()
    if _NO_DASHES.fullmatch(lowered):
        parts = (lowered[:8], lowered[8:12], lowered[12:16], lowered[16:20], lowered[20:])
        return "-".join(parts)
    return lowered


def is_id(text: str) -> bool:
    """Return whether a plain id is one."""
    return _ID.fullmatch(text) is not None


def without_accents(text: str) -> str:
    """Return a text as Xero compares names: letter case and accents do not count."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
