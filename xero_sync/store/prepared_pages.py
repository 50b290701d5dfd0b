"""From a page of Xero's to what COPY takes: mapping and encoding, without the database.

The thread that fetches a page prepares it too, so that this overlaps with PostgreSQL writing the
page before: of a page's time half is Python's and half the database's.

COPY takes its text format here. In csv every quote of the raw JSON would be doubled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from xero_sync.api import json_codec, responses
from xero_sync.resources import Resource
from xero_sync.store import contact_privacy, field_parsers, mapping, quarantine

Mapped = mapping.MappedDocument | mapping.MappedContact
# By name: (Xero id of the document, its rows as COPY takes them).
Children = dict[str, list[tuple[str, list[str]]]]

# A character that no text of Xero's holds; if one ever does, it is escaped.
_NULL = "\x01"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", _NULL: "\\x01"})
# More than any page. psycopg2 takes the data in pieces of this size, and between two of them it
# stands in line for the interpreter behind the threads that prepare the next pages.
_WHOLE = 1 << 26


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


@dataclass(frozen=True, kw_only=True)
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
        other = kept.get(mapped.xero_id)
        raw = json_codec.dumps(_kept(resource, element))
        if json_codec.has_giant(raw, element):
            refused.append((element, "a number in it has more digits than can be kept"))
        elif other is None or other.updated_at <= mapped.updated_at:
            kept[mapped.xero_id] = mapped
            raws[mapped.xero_id] = raw
    return Prepared(
        resource=resource,
        elements=elements,
        purchases=purchases,
        kept=list(kept.values()),
        refused=refused,
        data=b"".join(
            [
                line(mapped.values, quarantine.digest(raws[xero_id]), raws[xero_id])
                for xero_id, mapped in kept.items()
            ]
        ),
        children=_children([m for m in kept.values() if isinstance(m, mapping.MappedDocument)]),
    )


def _children(documents: Sequence[mapping.MappedDocument]) -> Children:
    found: Children = {"lines": [], "payments": [], "allocations": []}
    for document in documents:
        for name, own in found.items():
            if rows := getattr(document, name):
                own.append((document.xero_id, list(map(cells, rows))))
    return found


def _kept(resource: Resource, element: dict[str, Any]) -> dict[str, Any]:
    return contact_privacy.without_private(element) if resource is Resource.CONTACT else element


def _map(resource: Resource, element: Any) -> Mapped | None:
    if not isinstance(element, dict):
        raise field_parsers.Unmappable("an object was expected where Xero sent something else")
    if resource is Resource.CONTACT:
        return mapping.map_contact(element)
    return mapping.map_document(resource, element)


def cells(row: Sequence[mapping.Value]) -> str:
    """Write the values of a row, without the end of the line.

    Hardly any value holds a character that ends a line or a column, so the whole row is looked
    through at once: it is plain when it has no more of them than it was put together with.
    """
    written = [
        value if type(value) is str else _NULL if value is None else str(value) for value in row
    ]
    plain = "\t".join(written)
    if (
        "\\" not in plain
        and "\n" not in plain
        and "\r" not in plain
        and plain.count("\t") == len(written) - 1
        and plain.count(_NULL) == len([value for value in row if value is None])
    ):
        return plain
    return "\t".join([_NULL if value is None else str(value).translate(_ESCAPES) for value in row])


def line(values: Sequence[mapping.Value], digest: str, raw: bytes) -> bytes:
    """Write a whole row: its values, the digest's hexadecimal digits as bytes, the raw JSON.

    The one character in JSON that must be escaped is the backslash.
    """
    start = f"{cells(values)}\t\\\\x{digest}\t"
    return b"%b%b\n" % (start.encode(), raw.replace(b"\\", b"\\\\"))


def copy(cursor: Any, table: str, columns: Iterable[str], data: bytes) -> None:
    """COPY encoded rows into the columns of a table.

    :param cursor: one of Django's.
    :raises django.db.Error: as for any statement.
    """
    command = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT text, NULL '{_NULL}')"
    with cursor.db.wrap_database_errors:  # Which Django does for statements only.
        cursor.copy_expert(command, BytesIO(data), _WHOLE)
