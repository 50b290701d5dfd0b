"""JSON the way Xero writes it: pretty-printed with CRLF, money with two decimals, and the
slashes of dates escaped, as recorded traffic of the accounting API shows.
"""

import datetime
import functools
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from xero_simulator import simulations
from xero_simulator.ledger import records

_INDENT = b"\r\n    "
_EPOCH = datetime.date(1970, 1, 1)
_GZIP = 16 + zlib.MAX_WBITS
JSON = "application/json; charset=utf-8"


class Paging(NamedTuple):
    """The `pagination` member of a paged list."""

    page: int
    page_size: int
    page_count: int
    item_count: int

    def as_json(self) -> dict[str, int]:
        """Return the member with Xero's lower-case keys."""
        names = ("page", "pageSize", "pageCount", "itemCount")
        return dict(zip(names, self, strict=True))


@functools.lru_cache(maxsize=50_000)
def money(cents: int) -> orjson.Fragment:
    """Write cents as a JSON number with two decimals."""
    return orjson.Fragment(records.from_cents(cents))


@functools.lru_cache(maxsize=1_000)
def number(text: str) -> orjson.Fragment:
    """Write a decimal number exactly as given."""
    return orjson.Fragment(text)


@functools.lru_cache(maxsize=10_000)
def date_ms(day: datetime.date) -> orjson.Fragment:
    """Write a calendar date as midnight UTC in Microsoft's form."""
    return instant_ms((day - _EPOCH).days * 86_400_000)


@functools.lru_cache(maxsize=10_000)
def date_string(day: datetime.date) -> str:
    """Write a calendar date as its twin string, without a zone."""
    return f"{day.isoformat()}T00:00:00"


def instant_ms(milliseconds: int) -> orjson.Fragment:
    """Write an instant in Microsoft's form."""
    return orjson.Fragment(f'"\\/Date({milliseconds}+0000)\\/"')


def instant_string(milliseconds: int) -> str:
    """Write an instant as its ISO 8601 twin, to the second."""
    instant = datetime.datetime.fromtimestamp(milliseconds // 1000, tz=datetime.UTC)
    return f"{instant.isoformat()[:19]}Z"


def element(value: Any) -> bytes:
    """Write one element of a list, indented to stand inside an envelope."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", _INDENT)


def raw_element(value: Any) -> bytes:
    """Write an element whose dates are plain strings, as the books' own never are."""
    return _escape(element(value))


def document(value: Any) -> bytes:
    """Write a whole body."""
    return _escape(orjson.dumps(value, option=orjson.OPT_INDENT_2)).replace(b"\n", b"\r\n")


def envelope(
    simulation: simulations.Simulation,
    request_id: str,
    collection: str,
    elements: Iterable[bytes],
    paging: Paging | None = None,
) -> bytes:
    """Wrap written elements as Xero does: an answer of one is an array of one as well."""
    now_ms = int(simulation.clock.now().timestamp() * 1000)
    head: dict[str, Any] = {
        "Id": request_id,
        "Status": "OK",
        "ProviderName": simulation.app.name,
        "DateTimeUTC": f"/Date({now_ms})/",
    }
    if paging:
        head["pagination"] = paging.as_json()
    opening = document(head).removesuffix(b"\r\n}") + b',\r\n  "' + collection.encode() + b'": ['
    pieces = list(elements)
    if not pieces:
        return opening + b"]\r\n}"
    # One join: a page is megabytes, and every further copy of it costs a millisecond.
    pieces[0] = opening + b"\r\n    " + pieces[0]
    pieces[-1] += b"\r\n  ]\r\n}"
    return b",\r\n    ".join(pieces)


def answer(request: web.Request, body: bytes, status: int = 200) -> web.Response:
    """Answer with JSON, compressed where the client asks for gzip.

    Level 1: the bytes cross one machine, and the simulator must not be what is slow.
    """
    headers = {"Content-Type": JSON}
    if "gzip" in request.headers.get("Accept-Encoding", "").lower():
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        body = packer.compress(body) + packer.flush()
    return web.Response(status=status, body=body, headers=headers)


def _escape(written: bytes) -> bytes:
    return written.replace(b'"/Date(', b'"\\/Date(').replace(b')/"', b')\\/"')
