"""From a page of Xero's to what COPY takes: mapping and encoding, without the database.

Done in the thread that fetched the page, so that it overlaps with PostgreSQL writing the one
before: of a page's time half is Python's and half the database's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xero_sync.api import json_codec, responses
from xero_sync.resources import Resource
from xero_sync.store import copy_format, field_parsers, mapping, quarantine

Mapped = mapping.MappedDocument | mapping.MappedContact
# By name: (Xero id of the document, its rows as COPY takes them).
Children = dict[str, list[tuple[str, list[str]]]]


@dataclass(frozen=True)
class Prepared:
    """A page ready to be written.

    `data` holds the rows of `kept` as COPY takes them: the mapped values, the digest, the raw
    JSON. `children` are line items, payments and allocations, without their first column: our id
    of the document is known when it is written. `refused` are elements that cannot be stored, each
    with the reason.
    """

    resource: Resource
    elements: Sequence[Any]
    purchases: int
    kept: list[Mapped]
    refused: list[tuple[Any, str]]
    data: bytes
    children: Children


@dataclass(frozen=True)
class PreparedPage(responses.Page):
    """A page that brings its prepared form along."""

    prepared: Prepared


def with_page(page: responses.Page, resource: Resource) -> PreparedPage:
    """Return the page with its prepared form."""
    return PreparedPage(**vars(page), prepared=prepare(resource, page.elements))


def of_page(page: responses.Page, resource: Resource) -> Prepared:
    """Return a page's prepared form, made now where it has none."""
    # A page may have been given other elements since.
    if isinstance(page, PreparedPage) and page.prepared.elements is page.elements:
        return page.prepared
    return prepare(resource, page.elements)


def prepare(resource: Resource, elements: Sequence[Any]) -> Prepared:
    """Map and encode the elements of a page; of an element that comes twice the newer is kept."""
    kept: dict[str, Mapped] = {}
    raws: dict[str, bytes] = {}
    refused: list[tuple[Any, str]] = []
    purchases = 0
    for element in elements:
        try:
            mapped = _map(resource, element)
        except field_parsers.Unmappable as reason:
            refused.append((element, str(reason)))
            continue
        if mapped is None:
            purchases += 1
            continue
        known = kept.get(mapped.xero_id)
        raw = json_codec.dumps(element)
        if json_codec.has_giant(raw, element):
            refused.append((element, "a number in it has more digits than can be kept"))
        elif known is None or known.updated_at <= mapped.updated_at:
            kept[mapped.xero_id] = mapped
            raws[mapped.xero_id] = raw
    return Prepared(
        resource=resource,
        elements=elements,
        purchases=purchases,
        kept=list(kept.values()),
        refused=refused,
        data=b"".join([_line(mapped, raws[xero_id]) for xero_id, mapped in kept.items()]),
        children=_children([m for m in kept.values() if isinstance(m, mapping.MappedDocument)]),
    )


def _line(mapped: Mapped, raw: bytes) -> bytes:
    start = (
        f"{copy_format.cells(mapped.values)}\t{copy_format.bytes_cell(quarantine.digest(raw))}\t"
    )
    return b"%b%b\n" % (start.encode(), copy_format.json_cell(raw))


def _children(documents: Sequence[mapping.MappedDocument]) -> Children:
    return {
        "lines": _cells([(one.xero_id, one.lines) for one in documents]),
        "payments": _cells([(one.xero_id, one.payments) for one in documents]),
        "allocations": _cells([(one.xero_id, one.allocations) for one in documents]),
    }


def _cells(
    owned: list[tuple[str, list[tuple[mapping.Value, ...]]]],
) -> list[tuple[str, list[str]]]:
    return [(xero_id, list(map(copy_format.cells, rows))) for xero_id, rows in owned if rows]


def _map(resource: Resource, element: Any) -> Mapped | None:
    if not isinstance(element, dict):
        raise field_parsers.Unmappable("an object was expected where Xero sent something else")
    if resource is Resource.CONTACT:
        return mapping.map_contact(element)
    return mapping.map_document(resource, element)
