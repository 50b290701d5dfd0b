"""What a person can do to contacts in Xero itself, where more is allowed than through the API."""

import copy
from typing import Any

from xero_simulator.ledger import ledgers, records


class ContactActs(ledgers.Shelf):
    """The acts on contacts."""

    def create_contact(self, name: str, **values: Any) -> str:
        """Create a contact and return its id; values are the fields of `records.Contact`."""
        self.refuse_taken_name(name, "")
        contact = records.Contact(
            id=self.new_id(), name=name, updated_ms=self.now_ms(), is_customer=True, **values
        )
        self.store_contact(contact, event="CREATE")
        return contact.id

    def update_contact(self, contact_id: str, **values: Any) -> None:
        """Change fields of a contact; values are the fields of `records.Contact`."""
        contact = self.contact(contact_id)
        if "name" in values:
            self.refuse_taken_name(values["name"], contact_id)
        self._change_contact(contact, **values)

    def archive_contact(self, contact_id: str) -> None:
        """Archive a contact: its ContactNumber stays reserved."""
        contact = self.contact(contact_id)
        if contact.status == "ARCHIVED":
            raise records.NotAllowed("This contact is archived already.")
        self._change_contact(contact, status="ARCHIVED")

    def restore_contact(self, contact_id: str) -> None:
        """Bring an archived contact back, which only Xero's own pages can do."""
        contact = self.contact(contact_id)
        if contact.status != "ARCHIVED":
            raise records.NotAllowed("This contact is not archived.")
        self.refuse_taken_name(contact.name, contact_id)
        self._change_contact(contact, status="ACTIVE", merged_to="")

    def merge_contacts(self, loser: str, winner: str) -> None:
        """Merge one contact into another: documents move, the loser stays as a tombstone."""
        losing, winning = self.contact(loser), self.contact(winner)
        if losing.id == winning.id or "ARCHIVED" in (losing.status, winning.status):
            raise records.NotAllowed("Two different active contacts can be merged.")
        for document in [each for each in self.documents() if each.contact_id == loser]:
            moved = copy.copy(document)
            moved.contact_id, moved.updated_ms, moved.rendered = winner, self.now_ms(), None
            self.store(moved)
        self._change_contact(losing, status="ARCHIVED", merged_to=winner)
        self._change_contact(
            winning,
            is_customer=winning.is_customer or losing.is_customer,
            is_supplier=winning.is_supplier or losing.is_supplier,
        )

    def refuse_taken_name(self, name: str, own_id: str) -> None:
        """Refuse a name that another active contact has.

        :raises records.NotAllowed: in the words of the OpenAPI specification's example.
        """
        for other in self.contacts.find("name", name):
            if other.status == "ACTIVE" and other.id != own_id:
                raise records.NotAllowed(
                    f"The contact name {name} is already assigned to another contact. "
                    "The contact name must be unique across all active contacts."
                )

    def _change_contact(self, contact: records.Contact, **values: Any) -> None:
        changed = copy.copy(contact)
        for name, value in values.items():
            setattr(changed, name, value)
        changed.updated_ms = self.now_ms()
        self.store_contact(changed)
