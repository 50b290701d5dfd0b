"""An organisation in Xero: a tenant with its books."""

import dataclasses

from xero_simulator.ledger import books, ledgers

ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
}


@dataclasses.dataclass(frozen=True)
class Kept:
    """What a restart takes up again."""

    status: str
    books: ledgers.Kept


@dataclasses.dataclass
class Organisation:
    """A tenant; `timezone` is Xero's .NET-style name without spaces."""

    tenant_id: str
    name: str
    short_code: str
    timezone: str
    country: str
    base_currency: str
    books: books.Books
    status: str = "online"
    tenant_type: str = "ORGANISATION"

    def reset(self) -> None:
        """Go back to the seeded books, online."""
        self.status = "online"
        self.books.reset()

    def tell(self) -> Kept:
        """Return what a restart must take up again."""
        return Kept(self.status, self.books.tell())

    def take_up(self, kept: Kept) -> None:
        """Go on from there; the books are at their seeded start."""
        self.status = kept.status
        self.books.take_up(kept.books)
