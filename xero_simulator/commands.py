"""Operations on the books by name and plain values, as control calls and forms give them."""

import random
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from xero_simulator.ledger import (
    contact_operations,
    credit_operations,
    document_operations,
    records,
)
from xero_simulator.ledger.ledgers import Books
from xero_simulator.ledger.organisation import Organisation
from xero_simulator.simulations import Change, Simulation

Values = Mapping[str, Any]
_MOST_MONEY = 10**12
_PLAIN_CONTACT_FIELDS = {
    "name": "name",
    "number": "number",
    "email": "email",
    "given_name": "first_name",
    "family_name": "last_name",
    "account_number": "account_number",
    "tax_number": "tax_number",
    "website": "website",
    "is_customer": "is_customer",
    "is_supplier": "is_supplier",
    "status": "status",
}
_NUMBERS_OF_LOSERS = (
    contact_operations.STAYS,
    contact_operations.MOVES,
    contact_operations.FREED,
)


class BadValues(Exception):
    """The values of an operation are missing or make no sense; the message says which."""


def organisation_of(simulation: Simulation, tenant_id: str | None) -> Organisation:
    """Return an organisation, the first where none is named.

    :raises BadValues: there is none of that id.
    """
    if not tenant_id:
        return next(iter(simulation.organisations.values()))
    try:
        return simulation.organisations[tenant_id]
    except KeyError:
        raise BadValues(f"There is no organisation {tenant_id}.") from None


def change_document(
    simulation: Simulation, organisation: Organisation, operation: str, values: Values
) -> dict[str, str]:
    """Do something to a document and return the ids that came of it, the main one as `id`.

    :raises BadValues: the operation is unknown or a value is missing.
    :raises records.NotAllowed: Xero would refuse it.
    """
    books = organisation.books
    operations: dict[str, Callable[[], dict[str, str]]] = {
        "raise": lambda: _raise_invoice(books, values),
        "pay": lambda: pay(simulation, organisation, need(values, "id"), money(values, "amount")),
        "void": lambda: _done(
            document_operations.void,
            books,
            values,
            keeps_due=bool(values.get("keeps_due", simulation.options.voids_show_due)),
        ),
        "approve": lambda: _done(document_operations.approve, books, values),
        "touch": lambda: _done(document_operations.touch, books, values),
        "rewrite": lambda: _done(document_operations.rewrite, books, values, _lines(values)),
        "credit": lambda: _credit_invoice(books, values),
        "edit_due_date_silently": lambda: _done(
            document_operations.edit_due_date_silently, books, values, day(values, "due_date")
        ),
        "redate": lambda: _done(document_operations.redate, books, values, day(values, "date")),
        "set_reference": lambda: _done(
            document_operations.set_reference, books, values, str(values.get("reference", ""))
        ),
        "give": lambda: _done(document_operations.give, books, values, need(values, "contact_id")),
        "overpayment": lambda: _receive(document_operations.receive_overpayment, books, values),
        "prepayment": lambda: _receive(document_operations.receive_prepayment, books, values),
        "allocate": lambda: _allocate(books, values),
        "deallocate": lambda: _deallocate(books, values),
    }
    return _one_of(operations, operation)


def change_contact(organisation: Organisation, operation: str, values: Values) -> dict[str, str]:
    """Do something to a contact and return its id, of the winner where two are merged.

    :raises BadValues: the operation is unknown or a value is missing.
    :raises records.NotAllowed: Xero would refuse it.
    """
    books = organisation.books
    operations: dict[str, Callable[[], dict[str, str]]] = {
        "create": lambda: _create_contact(books, values),
        "update": lambda: _done(contact_operations.update, books, values, **_fields(values)),
        "archive": lambda: _done(contact_operations.archive, books, values),
        "restore": lambda: _done(contact_operations.restore, books, values),
        "erase": lambda: _done(
            contact_operations.erase, books, values, str(values.get("name") or "")
        ),
        "merge": lambda: _merge_contacts(books, values),
    }
    return _one_of(operations, operation)


def pay(
    simulation: Simulation, organisation: Organisation, document_id: str, amount: Decimal | None
) -> dict[str, str]:
    """Pay an invoice or refund a credit, and announce the payment besides the document."""
    payment_id = document_operations.pay(organisation.books, document_id, amount)
    now = simulation.clock.now()
    simulation.notify(Change(organisation.tenant_id, "PAYMENT", payment_id, "CREATE", now, None))
    return {"id": document_id, "payment_id": payment_id}


def touch_many(organisation: Organisation, *, count: int, seed: int) -> list[str]:
    """Bump so many documents, the same ones for the same seed, and return their ids."""
    ids = sorted(document.id for document in organisation.books.documents())
    chosen = random.Random(seed).sample(ids, min(count, len(ids)))
    for document_id in chosen:
        document_operations.touch(organisation.books, document_id)
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


def _one_of(
    operations: Mapping[str, Callable[[], dict[str, str]]], operation: str
) -> dict[str, str]:
    if operation not in operations:
        raise BadValues(f"There is no act {operation}; there are {', '.join(operations)}.")
    return operations[operation]()


def _done(
    operation: Callable[..., object], books: Books, values: Values, *more: object, **named: Any
) -> dict[str, str]:
    record_id = need(values, "id")
    operation(books, record_id, *more, **named)
    return {"id": record_id}


def _raise_invoice(books: Books, values: Values) -> dict[str, str]:
    optional: dict[str, Any] = {
        name: str(values[name])
        for name in ("currency", "type", "status", "reference", "currency_rate", "number")
        if values.get(name)
    }
    for name in ("date", "due_date"):
        if values.get(name):
            optional[name] = day(values, name)
    invoice_id = document_operations.raise_invoice(
        books, need(values, "contact_id"), _lines(values), **optional
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


def _receive(operation: Callable[..., str], books: Books, values: Values) -> dict[str, str]:
    contact_id, amount = need(values, "contact_id"), _needed_money(values, "amount")
    kind = {"type": str(values["type"])} if values.get("type") else {}
    return {"id": operation(books, contact_id, amount, values.get("currency") or None, **kind)}


def _credit_invoice(books: Books, values: Values) -> dict[str, str]:
    note_id = credit_operations.credit_invoice(
        books,
        need(values, "id"),
        money(values, "amount"),
        moves_invoice=_moves_invoice(values),
    )
    return {"id": note_id}


def _allocate(books: Books, values: Values) -> dict[str, str]:
    credit_id = need(values, "id")
    allocation_id = credit_operations.allocate(
        books,
        str(values.get("kind") or books.document(credit_id).kind),
        credit_id,
        need(values, "invoice_id"),
        money(values, "amount"),
        moves_invoice=_moves_invoice(values),
    )
    return {"id": credit_id, "allocation_id": allocation_id}


def _deallocate(books: Books, values: Values) -> dict[str, str]:
    credit_id = need(values, "id")
    allocation_id = credit_operations.deallocate(
        books,
        credit_id,
        str(values.get("allocation_id") or "") or None,
        moves_invoice=_moves_invoice(values),
    )
    return {"id": credit_id, "allocation_id": allocation_id}


def _moves_invoice(values: Values) -> bool:
    """Return whether the invoice's UpdatedDateUTC moves with the credit's; by default it does."""
    moves = values.get("moves_invoice", True)
    if not isinstance(moves, bool):
        raise BadValues("The value moves_invoice is neither true nor false.")
    return moves


def _create_contact(books: Books, values: Values) -> dict[str, str]:
    name = need(values, "name")
    return {"id": contact_operations.create(books, name, **_fields(values, without="name"))}


def _merge_contacts(books: Books, values: Values) -> dict[str, str]:
    winner = need(values, "winner")
    stay = values.get("documents_stay", False)
    if not isinstance(stay, bool | list):
        raise BadValues("The value documents_stay is neither true, false nor a list of ids.")
    number = str(values.get("number") or contact_operations.STAYS)
    if number not in _NUMBERS_OF_LOSERS:
        raise BadValues(f"The value number is one of {', '.join(_NUMBERS_OF_LOSERS)}.")
    contact_operations.merge(
        books, need(values, "loser"), winner, documents_stay=stay, number=number
    )
    return {"id": winner}


def _fields(values: Values, without: str = "") -> dict[str, Any]:
    fields: dict[str, Any] = {
        field: values[name]
        for name, field in _PLAIN_CONTACT_FIELDS.items()
        if name in values and name != without
    }
    if "phone" in values:
        fields["phones"] = (records.Phone(number=str(values["phone"])),)
    if "phones" in values:
        fields["phones"] = tuple(_parts(records.Phone, each) for each in values["phones"])
    if "address" in values:
        fields["addresses"] = (_address(values["address"]),)
    if "person" in values:
        fields["persons"] = (_person(values["person"]),)
    if "payment_terms" in values:
        given = values["payment_terms"]
        fields["payment_terms"] = tuple(_parts(records.PaymentTerm, each) for each in given)
    if "batch_payments" in values:
        fields["batch_payments"] = _parts(records.BatchPayments, values["batch_payments"])
    return fields


def _parts(form: Any, given: Any) -> Any:
    try:
        return form(**given)
    except TypeError:
        raise BadValues(f"A {form.__name__} has {', '.join(form._fields)}.") from None


def _person(given: Any) -> records.Person:
    if not isinstance(given, Mapping) or set(given) - set(records.Person._fields):
        raise BadValues(f"A person has {', '.join(records.Person._fields)}.")
    first, last, email = (str(given.get(name, "")) for name in ("first_name", "last_name", "email"))
    return records.Person(first, last, email, given.get("include_in_emails") is True)


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
