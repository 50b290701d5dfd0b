"""What a person can do to contacts in Xero itself, where more is allowed than through the API."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from xero_simulator.ledger import ledgers, records

STAYS, MOVES, FREED = "stays", "moves", "freed"


def create(books: ledgers.Books, name: str, **values: Any) -> str:
    """Create a contact and return its id; values are the fields of `records.Contact`."""
    refuse_taken_name(books, name, "")
    contact = records.Contact(
        id=books.new_id(), name=name, updated_ms=books.now_ms(), is_customer=True, **values
    )
    books.store_contact(contact, event="CREATE")
    return contact.id


def update(books: ledgers.Books, contact_id: str, **values: Any) -> None:
    """Change fields of a contact; values are the fields of `records.Contact`."""
    contact = books.contact(contact_id)
    if "name" in values:
        refuse_taken_name(books, values["name"], contact_id)
    _change(books, contact, **values)


def archive(books: ledgers.Books, contact_id: str) -> None:
    """Archive a contact: its ContactNumber stays reserved."""
    contact = books.contact(contact_id)
    if contact.status == "ARCHIVED":
        raise records.NotAllowed("This contact is archived already.")
    _change(books, contact, status="ARCHIVED")


def restore(books: ledgers.Books, contact_id: str) -> None:
    """Bring an archived contact back, which only Xero's own pages can do."""
    contact = books.contact(contact_id)
    if contact.status != "ARCHIVED":
        raise records.NotAllowed("This contact is not archived.")
    refuse_taken_name(books, contact.name, contact_id)
    _change(books, contact, status="ACTIVE", merged_to="")


def erase(books: ledgers.Books, contact_id: str, name: str = "") -> None:
    """Note that a contact's person asked to be forgotten, and take away who it was.

    :param name: what Xero calls it from then on; as before where that is empty.
    """
    values: dict[str, Any] = {"status": "GDPRREQUEST"}
    if name:
        values |= {"name": name, "first_name": "", "last_name": "", "email": ""}
    _change(books, books.contact(contact_id), **values)


def merge(
    books: ledgers.Books,
    loser: str,
    winner: str,
    *,
    documents_stay: bool | Sequence[str] = False,
    number: str = STAYS,
) -> None:
    """Merge one contact into another: documents move, the loser stays as a tombstone.

    Xero's documentation says neither whether every document moves nor what becomes of the loser's
    ContactNumber, so both are told.

    :param documents_stay: whether none moves, or the ids of those that do not.
    :param number: whether the loser's number `STAYS` with it, `MOVES` to the winner or is `FREED`.
    """
    losing, winning = books.contact(loser), books.contact(winner)
    if losing.id == winning.id or {losing.status, winning.status} != {"ACTIVE"}:
        raise records.NotAllowed("Two different active contacts can be merged.")
    for document in [each for each in books.documents() if each.contact_id == loser]:
        if documents_stay is True or (documents_stay and document.id in documents_stay):
            continue
        moved = copy.copy(document)
        moved.contact_id, moved.updated_ms, moved.rendered = winner, books.now_ms(), None
        books.store(moved)
    kept = losing.number if number == STAYS else ""
    _change(books, losing, status="ARCHIVED", merged_to=winner, number=kept)
    _change(
        books,
        winning,
        is_customer=winning.is_customer or losing.is_customer,
        is_supplier=winning.is_supplier or losing.is_supplier,
        number=losing.number if number == MOVES and losing.number else winning.number,
    )


def refuse_taken_name(books: ledgers.Books, name: str, own_id: str) -> None:
    """Refuse a name that another active contact has.

    :raises records.NotAllowed: in the words of the OpenAPI specification's example.
    """
    refuse_taken(name, own_id, books.contacts.find("name", name))


def refuse_taken(name: str, own_id: str, others: Iterable[records.Contact]) -> None:
    """Refuse a name where one of these contacts is another one and active.

    :raises records.NotAllowed: as `refuse_taken_name` does.
    """
    for other in others:
        if other.status == "ACTIVE" and other.id != own_id:
            raise records.NotAllowed(
                f"The contact name {name} is already assigned to another contact. "
                "The contact name must be unique across all active contacts."
            )


def _change(books: ledgers.Books, contact: records.Contact, **values: Any) -> None:
    changed = copy.copy(contact)
    for name, value in values.items():
        setattr(changed, name, value)
    changed.updated_ms = books.now_ms()
    books.store_contact(changed)
