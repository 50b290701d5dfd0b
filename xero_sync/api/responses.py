"""Reading what a call to Xero gave: elements, Xero's own figures, the time it answered."""

import builtins
import dataclasses
import datetime
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from xero_sync.api import failures, json_codec

# How much of a body is read at once.
_CHUNK = 1 << 18
LARGEST_PDF = 20 << 20


@dataclass(frozen=True)
class Reply:
    """A reply with a status of 2xx, before it is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    bytes_on_wire: int
    sent_at: datetime.datetime
    seconds: float = 0.0


@dataclass(frozen=True)
class Page:
    """What one call gave.

    The three figures are Xero's own `pagination`, None where the reply had none. `sent_at` is our
    clock before the call, `answered_at` Xero's `DateTimeUTC`. `bytes` is the size on the wire,
    `seconds` how long it took to come.
    """

    elements: list[dict[str, Any]]
    page_count: int | None
    item_count: int | None
    page_size: int | None
    sent_at: datetime.datetime
    answered_at: datetime.datetime | None
    bytes: int
    headers: Mapping[str, str]
    seconds: float = 0.0
    # Of a file, what is in it; then there are no elements.
    content: "builtins.bytes" = b""

    @property
    def correlation_id(self) -> str:
        """Xero's own name for this call, for its support."""
        return self.headers.get("Xero-Correlation-Id", "")


def none(*, sent_at: datetime.datetime, headers: Mapping[str, str]) -> Page:
    """Return the page of a list of nothing."""
    return Page(
        elements=[],
        page_count=0,
        item_count=0,
        page_size=None,
        sent_at=sent_at,
        answered_at=None,
        bytes=0,
        headers=headers,
    )


def page_of(reply: Reply, *, collection: str, wrote: bool) -> Page:
    """Read the reply to a call that gives elements of `collection`.

    :raises errors.Unavailable: it cannot be read.
    :raises errors.Ambiguous: the same, of a write.
    """
    envelope = json_codec.object_or_empty(reply.body)
    elements = envelope.get(collection)
    if not isinstance(elements, list):
        raise failures.of_nonsense(
            f"no JSON with {collection}",
            wrote=wrote,
            status=reply.status,
            correlation_id=reply.headers.get("Xero-Correlation-Id", ""),
            headers=reply.headers,
        )
    pagination = envelope.get("pagination")
    figures = pagination if isinstance(pagination, dict) else {}
    return Page(
        elements=elements,
        page_count=_whole(figures.get("pageCount")),
        item_count=_whole(figures.get("itemCount")),
        page_size=_whole(figures.get("pageSize")),
        sent_at=reply.sent_at,
        answered_at=json_codec.instant_or_none(envelope.get("DateTimeUTC")),
        bytes=reply.bytes_on_wire,
        headers=reply.headers,
        seconds=reply.seconds,
    )


def pdf_of(reply: Reply) -> Page:
    """Read the reply to a call for a PDF.

    :raises errors.Unavailable: it is none, or larger than any invoice on paper.
    """
    if not reply.body.startswith(b"%PDF-") or len(reply.body) > LARGEST_PDF:
        raise failures.of_nonsense(
            "no PDF",
            wrote=False,
            status=reply.status,
            correlation_id=reply.headers.get("Xero-Correlation-Id", ""),
            headers=reply.headers,
        )
    empty = none(sent_at=reply.sent_at, headers=reply.headers)
    return dataclasses.replace(empty, bytes=reply.bytes_on_wire, content=reply.body)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def body_of(response: urllib3.HTTPResponse, deadline: float) -> bytes:
    """Read the whole body; one that drips in for ever is cut, as the limiter's slot ends too."""
    chunks = []
    # `read1` gives what there is, where `read` would wait for the whole amount.
    while chunk := response.read1(_CHUNK):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            response.close()
            raise urllib3.exceptions.TimeoutError
    return b"".join(chunks)
