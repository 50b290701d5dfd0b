"""Invoices, credit notes, overpayments and prepayments: lists and single documents."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    document_json,
    fast_path,
    fields,
    pdf,
    plain_forms,
    query,
    where,
    xero_json,
)
from xero_simulator.gateway import gateway_errors
from xero_simulator.ledger import records, tables

Handler = Callable[[web.Request], Awaitable[web.Response]]
_CACHE = query.AnswerCache()
# The comma-separated filters of each resource; credit notes have none (the specification).
_FILTERS: dict[str, dict[str, str]] = {
    records.INVOICES: {
        "IDs": "InvoiceID",
        "InvoiceNumbers": "InvoiceNumber",
        "ContactIDs": "Contact.ContactID",
        "Statuses": "Status",
    },
    records.CREDIT_NOTES: {},
    records.OVERPAYMENTS: {"References": "Reference"},
    records.PREPAYMENTS: {"InvoiceNumbers": "InvoiceNumber", "References": "Reference"},
}
# With these parameters alone a list is nothing but its `where`, `order` and instant.
_PLAIN = frozenset(("where", "order", "page", "pageSize", "summaryOnly", "unitdp"))
_PDF = "application/pdf"
_NUMBER_FIELD = {records.INVOICES: "InvoiceNumber", records.CREDIT_NOTES: "CreditNoteNumber"}


class Found(NamedTuple):
    """What the online invoice needs to know of an invoice, made up or replayed."""

    id: str
    type: str
    status: str


def lister(kind: str) -> Handler:
    """Return the handler of a kind's list."""

    async def list_documents(request: web.Request) -> web.Response:
        asked = query.read(request)
        try:
            page, paging = query.cut(_rows(request, kind, asked), asked)
        except query.Refused as refusal:
            return accounting_errors.query_parse(*refusal.as_answer)
        elements = _write(request, page, asked)
        body = xero_json.envelope(
            simulations.of(request), str(uuid.uuid4()), kind, elements, paging
        )
        return xero_json.answer(request, body)

    return list_documents


def shower(kind: str) -> Handler:
    """Return the handler of one document of a kind: an array of one, or Xero's HTML 404."""

    async def show_document(request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        row = _raw_one(request, kind, wanted) or _one(request, kind, wanted)
        if row is None:
            return gateway_errors.not_found()
        if isinstance(row, records.Document) and _is_asked_as_pdf(request, kind):
            shown = access.organisation_of(request)
            contact = shown.books.contact(row.contact_id)
            return web.Response(body=pdf.pdf_of(row, contact, shown.name), content_type=_PDF)
        if isinstance(row, dict):
            element = xero_json.raw_element(row)
        else:
            books = access.organisation_of(request).books
            four = request.query.get("unitdp") == "4"
            element = document_json.write_document(
                books, row, document_json.SINGLE, four_decimals=four
            )
        body = xero_json.envelope(simulations.of(request), str(uuid.uuid4()), kind, [element])
        return xero_json.answer(request, body)

    return show_document


def allocation_lister(kind: str) -> Handler:
    """Return the handler of a credit's allocations."""

    async def list_allocations(request: web.Request) -> web.Response:
        row = _one(request, kind, request.match_info["id"])
        if row is None:
            return gateway_errors.not_found()
        elements = [
            xero_json.element(document_json.show_allocation(each)) for each in row.allocations
        ]
        body = xero_json.envelope(
            simulations.of(request), str(uuid.uuid4()), "Allocations", elements
        )
        return xero_json.answer(request, body)

    return list_allocations


def find(request: web.Request, kind: str, wanted: str) -> Found | None:
    """Find a document by its id, or by its number where the resource allows that."""
    if raw := _raw_one(request, kind, wanted):
        return Found(str(raw[document_json.ID_FIELD[kind]]), str(raw["Type"]), str(raw["Status"]))
    row = _one(request, kind, wanted)
    return Found(row.id, row.type, row.status) if row else None


def _rows(request: web.Request, kind: str, asked: query.Asked) -> list[Any]:
    """Return every row that answers the query, in order, before paging."""
    books = access.organisation_of(request).books
    find_field = fields.of_documents(books, kind)
    if books.replayed is not None:
        raw = books.replayed.documents.get(kind, [])
        return _filtered(request, kind, query.raw_since(raw, asked), fields.of_raw(find_field))
    since = request.headers.get("If-Modified-Since", "")
    key = (id(books), kind, books.version, since, query.key_of(request))

    def search() -> list[Any]:
        if _PLAIN.issuperset(request.query) and not _is_mixed(request, kind, asked):
            quick = fast_path.rows_of(
                books.tables[kind], asked, find_field, document_json.ID_FIELD[kind]
            )
            if quick is not None:
                return quick
        rows = _named(request, books.tables[kind], kind)
        if _is_mixed(request, kind, asked):
            rows = sorted([*rows, *books.overpayments.ordered], key=tables.default_order)
        return _filtered(request, kind, query.modified_since(rows, asked), find_field)

    return _CACHE.rows(key, search)


def _is_mixed(request: web.Request, kind: str, asked: query.Asked) -> bool:
    """Return whether overpayments come with this list of prepayments."""
    is_mixing = simulations.of(request).habits.prepayments_list_overpayments
    return is_mixing and kind == records.PREPAYMENTS and "type" not in asked.where.lower()


def _filtered(
    request: web.Request, kind: str, rows: list[Any], find_field: where.FindField
) -> list[Any]:
    asked = query.read(request)
    for parameter, field_name in _FILTERS[kind].items():
        if values := query.csv(request, parameter):
            rows = query.among(rows, values, find_field(field_name).read)
    if asked.search and kind == records.INVOICES:
        read = [find_field(name).read for name in ("InvoiceNumber", "Reference")]
        rows = [r for r in rows if any(asked.search in (each(r) or "").casefold() for each in read)]
    if kind == records.INVOICES and query.is_true(request.query.get("createdByMyApp")):
        rows = [row for row in rows if getattr(row, "by_app", False)]
    return query.filter_and_sort(rows, asked, find_field)


def _named(
    request: web.Request, table: tables.Table[records.Document], kind: str
) -> list[records.Document]:
    """Look up what `IDs` names, where the resource knows it, instead of searching everything."""
    if "IDs" not in _FILTERS[kind] or not (ids := query.csv(request, "IDs")):
        return table.ordered
    plain = [plain_forms.plain_id(each) for each in ids]
    found = {each: table.by_id.get(each) for each in plain}
    return sorted((row for row in found.values() if row), key=tables.default_order)


def _write(request: web.Request, rows: list[Any], asked: query.Asked) -> list[bytes]:
    books = access.organisation_of(request).books
    if books.replayed is not None:
        return [xero_json.raw_element(row) for row in rows]
    shape = document_json.LIST
    if asked.is_paged:
        shape = document_json.SUMMARY if asked.summary_only else document_json.PAGE
    four = asked.four_decimals
    return [document_json.write_document(books, row, shape, four_decimals=four) for row in rows]


def _one(request: web.Request, kind: str, wanted: str) -> records.Document | None:
    books = access.organisation_of(request).books
    if books.replayed is not None:
        return None
    if found := books.tables[kind].by_id.get(plain_forms.plain_id(wanted)):
        return found
    numbered = books.tables[kind].find("number", wanted) if kind in _NUMBER_FIELD else []
    return numbered[-1] if numbered else None


def _is_asked_as_pdf(request: web.Request, kind: str) -> bool:
    """Return whether a PDF is wanted, of a kind that has one: over- and prepayments do not."""
    return kind in _NUMBER_FIELD and _PDF in request.headers.get("Accept", "").lower()


def _raw_one(request: web.Request, kind: str, wanted: str) -> dict[str, Any] | None:
    replayed = access.organisation_of(request).books.replayed
    if replayed is None:
        return None
    names = (document_json.ID_FIELD[kind], _NUMBER_FIELD.get(kind, document_json.ID_FIELD[kind]))
    for row in replayed.documents.get(kind, []):
        if wanted.casefold() in (str(row.get(name, "")).casefold() for name in names):
            return row
    return None
