"""Addresses in whatever letter case a client writes them, as Xero's servers take them."""

import re


def any_case(path: str) -> str:
    """Return the pattern of a path for aiohttp's router, `{names}` kept as they are."""
    parts = path.strip("/").split("/")
    return "".join(
        f"/{part}" if part.startswith("{") else f"/{{_{at}:(?i:{re.escape(part)})}}"
        for at, part in enumerate(parts)
    )
