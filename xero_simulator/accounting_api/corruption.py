"""True answers, corrupted as a script says: what a client's parser must survive."""

import zlib
from typing import Any

import orjson
from aiohttp import web

from xero_simulator.accounting_api import document_json, xero_json
from xero_simulator.faults import faults

_KNOWN_ENUMS = ("Status", "ContactStatus")
_NULLED = ("DueDate", "Reference", "EmailAddress", "FullyPaidOnDate", "CurrencyRate")

_IDS = (*document_json.ID_FIELD.values(), "ContactID")


def corrupt(answer: web.Response, fault: faults.Answer, corrupted_ids: list[str]) -> web.Response:
    """Return an answer with what a fault does to it.

    :param corrupted_ids: is given the ids of elements that are no longer as they are in the books.

    `bad_json` cuts the body in half, `unknown_enum` gives the first element a status nobody
    knows, `nulls` writes null where Xero would leave a field out.
    """
    if fault.named in faults.CORRUPTING and isinstance(answer.body, bytes) and answer.body:
        answer = _with_body(answer, _corrupted(_plain(answer), fault.named, corrupted_ids))
    if fault.body is not None and not fault.replaces:
        answer = _with_body(answer, fault.body)
    answer.headers.update(fault.headers)
    return answer


def _corrupted(body: bytes, named: str, corrupted_ids: list[str]) -> bytes:
    if named == "bad_json":
        return body[: len(body) // 2]
    value = orjson.loads(body)
    for element in _elements(value)[:1]:
        corrupted_ids += [element[name] for name in _IDS if name in element]
        if named == "unknown_enum":
            element |= {name: "TELEPORTED" for name in _KNOWN_ENUMS if name in element}
        else:
            element |= dict.fromkeys(_NULLED)
    return xero_json.document(value)


def _elements(value: dict[str, Any]) -> list[dict[str, Any]]:
    for member in value.values():
        if isinstance(member, list):
            return member
    return []


def _plain(answer: web.Response) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else b""
    if answer.headers.get("Content-Encoding") == "gzip":
        return zlib.decompress(body, 16 + zlib.MAX_WBITS)
    return body


def _with_body(answer: web.Response, body: bytes) -> web.Response:
    """Return the answer with another body, uncompressed."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() not in ("content-encoding", "content-length")
    }
    return web.Response(status=answer.status, body=body, headers=headers)
