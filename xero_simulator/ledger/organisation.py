"""An organisation in Xero: a tenant with its books."""

import dataclasses

from xero_simulator.ledger import ledgers

ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
}


@dataclasses.dataclass(frozen=True)
class OrganisationSnapshot:
    """What a restart restores of an organisation."""

    status: str
    books: ledgers.BooksSnapshot


@dataclasses.dataclass
class Organisation:
    """A tenant; `timezone` is Xero's .NET-style name without spaces."""

    tenant_id: str
    name: str
    short_code: str
    timezone: str
    country: str
    base_currency: str
    books: ledgers.Books
    status: str = "online"
    tenant_type: str = "ORGANISATION"

    def reset(self) -> None:
        """Go back to the seeded books, online."""
        self.status = "online"
        self.books.reset()

    def snapshot(self) -> OrganisationSnapshot:
        """Return what a restart must restore."""
        return OrganisationSnapshot(self.status, self.books.snapshot())

    def restore(self, snapshot: OrganisationSnapshot) -> None:
        """Go on from a snapshot; the books must be at their seeded start."""
        self.status = snapshot.status
        self.books.restore(snapshot.books)
