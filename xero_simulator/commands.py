"""Acts on the books by name and plain values, as the control calls and the hand page give them."""

import random
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from xero_simulator.ledger import records
from xero_simulator.ledger.organisation import Organisation
from xero_simulator.simulation import Change, World

Values = Mapping[str, Any]
_MOST_MONEY = 10**12
_PLAIN_CONTACT_FIELDS = {
    "name": "name",
    "number": "number",
    "email": "email",
    "given_name": "first_name",
    "family_name": "last_name",
    "account_number": "account_number",
    "is_customer": "is_customer",
    "is_supplier": "is_supplier",
}


class BadValues(Exception):
    """The values of an act are missing or make no sense; the message says which."""


def organisation_of(here: World, tenant_id: str | None) -> Organisation:
    """Return an organisation, the first where none is named.

    :raises BadValues: there is none of that id.
    """
    if not tenant_id:
        return next(iter(here.organisations.values()))
    try:
        return here.organisations[tenant_id]
    except KeyError:
        raise BadValues(f"There is no organisation {tenant_id}.") from None


def change_document(
    here: World, organisation: Organisation, act: str, values: Values
) -> dict[str, str]:
    """Do something to a document and return the ids that came of it, the main one as `id`.

    :raises BadValues: the act is unknown or a value is missing.
    :raises records.NotAllowed: Xero would refuse it.
    """
    acts: dict[str, Callable[[], dict[str, str]]] = {
        "raise": lambda: _raise(organisation, values),
        "pay": lambda: pay(here, organisation, need(values, "id"), money(values, "amount")),
        "void": lambda: _done(organisation.books.void, values),
        "approve": lambda: _done(organisation.books.approve, values),
        "touch": lambda: _done(organisation.books.touch, values),
        "rewrite": lambda: _done(organisation.books.rewrite, values, _lines(values)),
        "credit": lambda: {
            "id": organisation.books.credit(
                need(values, "id"), money(values, "amount"), moves_invoice=_moves_invoice(values)
            )
        },
        "edit_due_date_silently": lambda: _done(
            organisation.books.edit_due_date_silently, values, day(values, "due_date")
        ),
        "redate": lambda: _done(organisation.books.redate, values, day(values, "date")),
        "set_reference": lambda: _done(
            organisation.books.set_reference, values, str(values.get("reference", ""))
        ),
        "overpayment": lambda: _receive(organisation.books.receive_overpayment, values),
        "prepayment": lambda: _receive(organisation.books.receive_prepayment, values),
        "allocate": lambda: _allocate(organisation, values),
        "deallocate": lambda: _deallocate(organisation, values),
    }
    return _one_of(acts, act)


def change_contact(organisation: Organisation, act: str, values: Values) -> dict[str, str]:
    """Do something to a contact and return its id, of the winner where two are merged.

    :raises BadValues: the act is unknown or a value is missing.
    :raises records.NotAllowed: Xero would refuse it.
    """
    books = organisation.books
    acts: dict[str, Callable[[], dict[str, str]]] = {
        "create": lambda: {
            "id": books.create_contact(need(values, "name"), **_fields(values, without="name"))
        },
        "update": lambda: _done(books.update_contact, values, **_fields(values)),
        "archive": lambda: _done(books.archive_contact, values),
        "restore": lambda: _done(books.restore_contact, values),
        "merge": lambda: _merge(organisation, values),
    }
    return _one_of(acts, act)


def pay(
    here: World, organisation: Organisation, document_id: str, amount: Decimal | None
) -> dict[str, str]:
    """Pay an invoice or refund a credit, and tell of the payment besides the document."""
    payment_id = organisation.books.pay(document_id, amount)
    here.tell(
        Change(organisation.tenant_id, "PAYMENT", payment_id, "CREATE", here.clock.now(), None)
    )
    return {"id": document_id, "payment_id": payment_id}


def touch_many(organisation: Organisation, *, count: int, seed: int) -> list[str]:
    """Bump so many documents, the same ones for the same seed, and return their ids."""
    ids = sorted(document.id for document in organisation.books.documents())
    chosen = random.Random(seed).sample(ids, min(count, len(ids)))
    for document_id in chosen:
        organisation.books.touch(document_id)
    return chosen


def need(values: Values, name: str) -> str:
    """Return a value that cannot be left out, as text.

    :raises BadValues: it is missing.
    """
    value = values.get(name)
    if value in (None, ""):
        raise BadValues(f"The value {name} is missing.")
    return str(value)


def money(values: Values, name: str) -> Decimal | None:
    """Return an amount, or None where it is left out.

    :raises BadValues: it is no amount.
    """
    value = values.get(name)
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    # Not a number and infinity are decimals too, and a large exponent is one no ledger holds.
    if not amount.is_finite() or abs(amount) > _MOST_MONEY:
        raise BadValues(f"The value {name} is no amount.")
    return amount


def day(values: Values, name: str) -> date:
    """Return a calendar day written as YYYY-MM-DD.

    :raises BadValues: it is missing or no day.
    """
    try:
        return date.fromisoformat(need(values, name))
    except ValueError:
        raise BadValues(f"The value {name} is no day of the form YYYY-MM-DD.") from None


def _one_of(acts: Mapping[str, Callable[[], dict[str, str]]], act: str) -> dict[str, str]:
    if act not in acts:
        raise BadValues(f"There is no act {act}; there are {', '.join(acts)}.")
    return acts[act]()


def _done(
    act: Callable[..., object], values: Values, *more: object, **named: Any
) -> dict[str, str]:
    record_id = need(values, "id")
    act(record_id, *more, **named)
    return {"id": record_id}


def _raise(organisation: Organisation, values: Values) -> dict[str, str]:
    optional: dict[str, Any] = {
        name: str(values[name])
        for name in ("currency", "type", "status", "reference", "currency_rate")
        if values.get(name)
    }
    for name in ("date", "due_date"):
        if values.get(name):
            optional[name] = day(values, name)
    invoice_id = organisation.books.raise_invoice(
        need(values, "contact_id"), _lines(values), **optional
    )
    return {"id": invoice_id}


def _lines(values: Values) -> list[records.LineDraft]:
    given = values.get("lines") or [values]
    if not isinstance(given, list) or not all(isinstance(line, Mapping) for line in given):
        raise BadValues("The value lines is no list of objects.")
    return [
        records.LineDraft(
            description=str(line.get("description") or "Course fee"),
            unit_amount=_needed_money(line, "unit_amount" if "unit_amount" in line else "amount"),
            quantity=money(line, "quantity") or Decimal(1),
            taxed=bool(line.get("taxed")),
        )
        for line in given
    ]


def _receive(act: Callable[..., str], values: Values) -> dict[str, str]:
    currency = values.get("currency") or None
    return {"id": act(need(values, "contact_id"), _needed_money(values, "amount"), currency)}


def _allocate(organisation: Organisation, values: Values) -> dict[str, str]:
    credit_id = need(values, "id")
    kind = str(values.get("kind") or organisation.books.document(credit_id).kind)
    allocation_id = organisation.books.allocate(
        kind,
        credit_id,
        need(values, "invoice_id"),
        money(values, "amount"),
        moves_invoice=_moves_invoice(values),
    )
    return {"id": credit_id, "allocation_id": allocation_id}


def _deallocate(organisation: Organisation, values: Values) -> dict[str, str]:
    credit_id = need(values, "id")
    allocation_id = organisation.books.deallocate(
        credit_id,
        str(values.get("allocation_id") or "") or None,
        moves_invoice=_moves_invoice(values),
    )
    return {"id": credit_id, "allocation_id": allocation_id}


def _moves_invoice(values: Values) -> bool:
    """Return whether the invoice's UpdatedDateUTC moves with the credit's; it does unless told."""
    moves = values.get("moves_invoice", True)
    if not isinstance(moves, bool):
        raise BadValues("The value moves_invoice is neither true nor false.")
    return moves


def _merge(organisation: Organisation, values: Values) -> dict[str, str]:
    winner = need(values, "winner")
    organisation.books.merge_contacts(need(values, "loser"), winner)
    return {"id": winner}


def _fields(values: Values, without: str = "") -> dict[str, Any]:
    fields: dict[str, Any] = {
        field: values[name]
        for name, field in _PLAIN_CONTACT_FIELDS.items()
        if name in values and name != without
    }
    if "phone" in values:
        fields["phones"] = (records.Phone(number=str(values["phone"])),)
    if "address" in values:
        fields["addresses"] = (_address(values["address"]),)
    return fields


def _address(given: Any) -> records.Address:
    if not isinstance(given, Mapping) or set(given) - set(records.Address._fields):
        raise BadValues(f"An address has {', '.join(records.Address._fields)}.")
    return records.Address(**{name: str(part) for name, part in given.items()})


def _needed_money(values: Values, name: str) -> Decimal:
    need(values, name)
    amount = money(values, name)
    if amount is None:
        raise BadValues(f"The value {name} is missing.")
    return amount
