"""What a person can do to contacts in Xero itself, where more is allowed than through the API."""

import copy
from typing import Any

from xero_simulator.ledger import ledgers, records


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


def merge(books: ledgers.Books, loser: str, winner: str) -> None:
    """Merge one contact into another: documents move, the loser stays as a tombstone."""
    losing, winning = books.contact(loser), books.contact(winner)
    if losing.id == winning.id or "ARCHIVED" in (losing.status, winning.status):
        raise records.NotAllowed("Two different active contacts can be merged.")
    for document in [each for each in books.documents() if each.contact_id == loser]:
        moved = copy.copy(document)
        moved.contact_id, moved.updated_ms, moved.rendered = winner, books.now_ms(), None
        books.store(moved)
    _change(books, losing, status="ARCHIVED", merged_to=winner)
    _change(
        books,
        winning,
        is_customer=winning.is_customer or losing.is_customer,
        is_supplier=winning.is_supplier or losing.is_supplier,
    )


def refuse_taken_name(books: ledgers.Books, name: str, own_id: str) -> None:
    """Refuse a name that another active contact has.

    :raises records.NotAllowed: in the words of the OpenAPI specification's example.
    """
    for other in books.contacts.find("name", name):
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
