"""Creating and updating contacts, with the traps of the real service.

PUT creates only. POST also updates, and finds what to update by ContactID, then ContactNumber,
then the name of an active contact: a POST with a known name overwrites that contact silently. A
ContactNumber stays taken by an archived contact, which cannot be written to at all. One bad
element refuses the whole call unless `summarizeErrors=false` asks for a verdict on each.
"""

import copy
import functools
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    contact_input,
    contact_json,
    plain_forms,
    xero_json,
)
from xero_simulator.gateway import gateway_errors
from xero_simulator.ledger import contact_operations, records
from xero_simulator.ledger.ledgers import Books

NO_ID = "00000000-0000-0000-0000-000000000000"
_NAMELESS = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
_ARCHIVED = "The contact is archived and cannot be changed: restore it in Xero first."
_ERASED = "The contact is subject to a GDPR request and cannot be changed."


class Rejected(Exception):
    """An element is refused, for these reasons."""

    def __init__(self, *reasons: str | contact_input.Fault) -> None:
        super().__init__(*reasons)
        self.faults = [contact_input.Fault(one) if isinstance(one, str) else one for one in reasons]


class _Refused(Exception):
    """Leave the transaction without keeping anything: some elements are in error."""

    def __init__(self, elements: list[dict[str, Any]]) -> None:
        super().__init__("some elements are in error")
        self.elements = elements


async def create_contacts(request: web.Request) -> web.Response:
    """Answer PUT: every element must be new."""
    return await _write_all(request, may_update=False)


async def update_or_create_contacts(request: web.Request) -> web.Response:
    """Answer POST: elements that are found are updated, others created."""
    return await _write_all(request, may_update=True)


async def update_contact(request: web.Request) -> web.Response:
    """Answer POST to one contact's address."""
    wanted = plain_forms.plain_id(request.match_info["id"])
    if wanted not in access.organisation_of(request).books.contacts.by_id:
        return gateway_errors.not_found()
    return await _write_all(request, may_update=True, contact_id=wanted)


async def _write_all(
    request: web.Request, *, may_update: bool, contact_id: str = ""
) -> web.Response:
    elements = _read_elements(await request.read())
    if elements is None:
        return accounting_errors.query_parse(
            17, "PostDataInvalidException", "The request body could not be read"
        )
    if contact_id:
        elements = [{**elements[0], "ContactID": contact_id}] if elements else []
    books = access.organisation_of(request).books
    each_on_its_own = request.query.get("summarizeErrors", "").lower() == "false"
    habits = simulations.of(request).habits
    try:
        with books.transaction():
            write = functools.partial(
                _write,
                books,
                may_update=may_update,
                ignore_accents=habits.names_ignore_accents,
            )
            answers = [
                _try(write, e, each_on_its_own, in_parts=habits.faults_stand_in_parts)
                for e in elements
            ]
            if not each_on_its_own:
                _refuse_all_for_one(answers)
    except _Refused as refused:
        return accounting_errors.validation_elements(refused.elements)
    written = [xero_json.raw_element(each) for each in answers]
    body = xero_json.envelope(simulations.of(request), str(uuid.uuid4()), "Contacts", written)
    return xero_json.answer(request, body)


def _refuse_all_for_one(answers: list[dict[str, Any]]) -> None:
    if failed := [each for each in answers if each["HasValidationErrors"]]:
        raise _Refused(failed)


def _read_elements(body: bytes) -> list[dict[str, Any]] | None:
    """Read `{"Contacts": […]}`, a bare list, or a single contact; None where it is none of them."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, dict):
        value = value.get("Contacts", [value])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    return value


def _try(
    write: Callable[[dict[str, Any]], records.Contact],
    element: dict[str, Any],
    each_on_its_own: bool,
    *,
    in_parts: bool,
) -> dict[str, Any]:
    """Write one element and return its part of the answer."""
    try:
        contact = write(element)
    except Rejected as rejection:
        answer = _refusal_of(element, rejection.faults, in_parts=in_parts)
        verdict = "ERROR"
    else:
        answer, verdict = contact_json.show_contact(contact, full=True), "OK"
        answer["ValidationErrors"] = []
    if each_on_its_own:
        answer["StatusAttributeString"] = verdict
    return answer


def _refusal_of(
    element: dict[str, Any], faults: list[contact_input.Fault], *, in_parts: bool
) -> dict[str, Any]:
    """Return the echo of a refused element with its faults, at its top or each in its part."""
    answer = {"ContactID": NO_ID, **element, "HasValidationErrors": True}
    inner = [fault for fault in faults if in_parts and fault.collection]
    answer["ValidationErrors"] = [{"Message": f.message} for f in faults if f not in inner]
    for name in {fault.collection for fault in inner}:
        answer[name] = [
            {**part, "ValidationErrors": _faults_at(inner, name, index)}
            for index, part in enumerate(element[name])
        ]
    return answer


def _faults_at(
    faults: list[contact_input.Fault], collection: str, index: int
) -> list[dict[str, str]]:
    return [
        {"Message": fault.message}
        for fault in faults
        if (fault.collection, fault.at) == (collection, index)
    ]


def _write(
    books: Books, element: dict[str, Any], may_update: bool, ignore_accents: bool
) -> records.Contact:
    """Create or update one contact.

    :raises Rejected: with every reason.
    """
    old = _find(books, element, may_update, ignore_accents)
    values, wrong = contact_input.read(element, old)
    if wrong:
        raise Rejected(*wrong)
    if old is None and "name" not in values:
        raise Rejected("The contact name must not be empty." if element else _NAMELESS)
    _check_unique(books, values, old, ignore_accents)
    if old is None:
        contact = records.Contact(id=books.new_id(), updated_ms=books.now_ms(), **values)
        books.store_contact(contact, event="CREATE")
    else:
        contact = copy.copy(old)
        for field, value in values.items():
            setattr(contact, field, value)
        contact.updated_ms = books.now_ms()
        books.store_contact(contact)
    return contact


def _find(
    books: Books, element: dict[str, Any], may_update: bool, ignore_accents: bool
) -> records.Contact | None:
    """Return the contact that an element means, or None where it is new.

    :raises Rejected: nothing identifies it, its id is unknown, it is not active, or it must be new.
    """
    contact_id = plain_forms.plain_id(str(element.get("ContactID") or ""))
    number, name = str(element.get("ContactNumber") or ""), str(element.get("Name") or "")
    if contact_id and contact_id != NO_ID:
        found = books.contacts.by_id.get(contact_id)
        if found is None or not may_update:
            raise Rejected("The ContactID does not identify a contact that can be written.")
    elif not number and not name:
        raise Rejected(_NAMELESS)
    elif not may_update:
        return None
    else:
        found = _numbered(books, number) or _named(books, name, ignore_accents)
    if found is not None and found.status != "ACTIVE":
        raise Rejected(_ARCHIVED if found.status == "ARCHIVED" else _ERASED)
    return found


def _check_unique(
    books: Books, values: dict[str, Any], old: records.Contact | None, ignore_accents: bool
) -> None:
    own_id, name = old.id if old else "", values.get("name", "")
    wrong = []
    try:
        contact_operations.refuse_taken(name, own_id, _called(books, name, ignore_accents))
    except records.NotAllowed as refusal:
        wrong.append(str(refusal))
    holder = _numbered(books, values.get("number", ""))
    if holder and holder.id != own_id:
        wrong.append(
            f"The contact number {holder.number} is already assigned to another contact. "
            "The contact number must be unique across all contacts."
        )
    if wrong:
        raise Rejected(*wrong)


def _numbered(books: Books, number: str) -> records.Contact | None:
    found = books.contacts.find("number", number) if number else []
    return found[0] if found else None


def _named(books: Books, name: str, ignore_accents: bool) -> records.Contact | None:
    called = _called(books, name, ignore_accents)
    return next((each for each in called if each.status == "ACTIVE"), None)


def _called(books: Books, name: str, ignore_accents: bool) -> list[records.Contact]:
    """Return the contacts of a name, in any letter case, and with any accents where told so."""
    found = books.contacts.find("name", name)
    if not ignore_accents:
        return found
    wanted = plain_forms.without_accents(name)
    others = (c for c in books.contacts.ordered if plain_forms.without_accents(c.name) == wanted)
    return [*found, *(each for each in others if each not in found)]
