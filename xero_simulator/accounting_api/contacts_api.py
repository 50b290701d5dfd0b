"""Contacts: lists and single contacts."""

import uuid
from typing import Any

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    contact_json,
    fields,
    plain_forms,
    query,
    xero_json,
)
from xero_simulator.gateway import gateway_errors
from xero_simulator.ledger import ledgers, records, tables

_CACHE = query.AnswerCache()
_SEARCHED = (
    *("Name", "FirstName", "LastName", "ContactNumber", "CompanyNumber"),
    "EmailAddress",
)


async def list_contacts(request: web.Request) -> web.Response:
    """Answer a list of contacts, archived ones only where asked for."""
    asked = query.read(request)
    try:
        page, paging = query.cut(_rows(request, asked), asked)
    except query.Refused as refusal:
        return accounting_errors.query_parse(*refusal.as_answer)
    is_replayed = access.organisation_of(request).books.replayed is not None
    write = xero_json.raw_element if is_replayed else xero_json.element
    elements = [write(each) for each in _show(request, page, asked)]
    return _answer(request, elements, paging)


async def show_contact(request: web.Request) -> web.Response:
    """Answer one contact by its id or its ContactNumber, archived ones too."""
    books, wanted = access.organisation_of(request).books, request.match_info["id"]
    if books.replayed is not None:
        names = ("ContactID", "ContactNumber")
        raw = [e for e in books.replayed.contacts if wanted in [e.get(name) for name in names]]
        return (
            _answer(request, [xero_json.raw_element(raw[0])]) if raw else gateway_errors.not_found()
        )
    found = books.contacts.by_id.get(plain_forms.plain_id(wanted))
    if found is None and (numbered := books.contacts.find("number", wanted)):
        found = numbered[0]
    if found is None:
        return gateway_errors.not_found()
    return _answer(request, [xero_json.element(with_balances(books, [found])[0])])


def with_balances(books: ledgers.Books, contacts: list[records.Contact]) -> list[dict[str, Any]]:
    """Return full contacts, with balances where there are any."""
    sums = contact_json.balances(books, [contact.id for contact in contacts])
    shown = []
    for contact in contacts:
        value = contact_json.show_contact(contact, full=True)
        if contact.id in sums:
            value["Balances"] = sums[contact.id]
        shown.append(value)
    return shown


def _rows(request: web.Request, asked: query.Asked) -> list[Any]:
    books = access.organisation_of(request).books
    if books.replayed is not None:
        find_field = fields.of_raw(fields.of_contacts)
        return _filtered(
            request, asked, query.raw_since(books.replayed.contacts, asked), find_field
        )
    since = request.headers.get("If-Modified-Since", "")
    key = (id(books), books.contacts.version, books.version, since, query.key_of(request))

    def search() -> list[Any]:
        rows = query.modified_since(_named(request, books.contacts), asked)
        return _filtered(request, asked, rows, fields.of_contacts)

    return _CACHE.rows(key, search)


def _filtered(
    request: web.Request, asked: query.Asked, rows: list[Any], find_field: Any
) -> list[Any]:
    if ids := query.csv(request, "IDs"):
        rows = query.among(rows, ids, find_field("ContactID").read)
    if not asked.include_archived:
        status = find_field("ContactStatus").read
        rows = [row for row in rows if status(row) not in ("ARCHIVED", "GDPRREQUEST")]
    if asked.search:
        read = [find_field(name).read for name in _SEARCHED]
        rows = [r for r in rows if any(asked.search in (each(r) or "").casefold() for each in read)]
    return query.filter_and_sort(rows, asked, find_field)


def _named(request: web.Request, table: tables.Table[records.Contact]) -> list[records.Contact]:
    if not (ids := query.csv(request, "IDs")):
        return table.ordered
    plain = [plain_forms.plain_id(each) for each in ids]
    found = {each: table.by_id.get(each) for each in plain}
    return sorted((row for row in found.values() if row), key=tables.default_order)


def _show(request: web.Request, rows: list[Any], asked: query.Asked) -> list[dict[str, Any]]:
    books = access.organisation_of(request).books
    if books.replayed is not None:
        return rows
    if asked.summary_only:
        return [contact_json.show_contact(row, full=True, summary=True) for row in rows]
    if asked.is_paged:
        return with_balances(books, rows)
    return [contact_json.show_contact(row, full=False) for row in rows]


def _answer(
    request: web.Request, elements: list[bytes], paging: xero_json.Paging | None = None
) -> web.Response:
    body = xero_json.envelope(
        simulations.of(request), str(uuid.uuid4()), "Contacts", elements, paging
    )
    return xero_json.answer(request, body)
