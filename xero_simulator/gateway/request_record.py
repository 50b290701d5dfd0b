"""A record of what clients ask: each call as one line of JSON in a file, as it came.

The simulator answers kindly what it happens to understand. Whoever reads the record can hold every
call against other sources, whichever process made it. No secret is kept: of a bearer the scheme
alone, of a form's values how long they are and which signs they have.
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

_LETTERS = re.compile(r"[A-Za-z0-9]")
# Form values that say how something is asked, and no secret.
_PLAIN_VALUES = frozenset(("grant_type", "token_type_hint", "redirect_uri"))


class RequestRecord:
    """The file, to which several simulators may write side by side."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def note(self, request: web.Request) -> None:
        """Write a call down, before anything is done about it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].partition(" ")[0]
        line = {
            "method": request.method,
            "target": request.raw_path,
            "headers": headers,
            "body": _body(await request.read(), headers.get("content-type", "")),
        }
        # In one call, so that lines of several processes do not mingle.
        os.write(self._file, orjson.dumps(line) + b"\n")


def _body(body: bytes, content_type: str) -> str:
    text = body.decode(errors="replace")
    if "form" not in content_type:
        return text
    return orjson.dumps(
        {
            name: value if name in _PLAIN_VALUES else _LETTERS.sub("x", value)
            for name, value in parse_qsl(text, keep_blank_values=True)
        }
    ).decode()
