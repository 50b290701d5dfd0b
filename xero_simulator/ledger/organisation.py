"""An organisation in Xero: a tenant with its books."""

import dataclasses
import uuid

from xero_simulator.ledger import ledgers, records

ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
}


@dataclasses.dataclass(frozen=True)
class OrganisationSnapshot:
    """What a restart restores of an organisation."""

    status: str
    books: ledgers.BooksSnapshot
    begun: int = 0


@dataclasses.dataclass
class Organisation:
    """A tenant; `timezone` is Xero's .NET-style name without spaces.

    :param begun: how often it began anew, which only a Demo Company does.
    """

    seeded_tenant_id: str
    name: str
    seeded_short_code: str
    timezone: str
    country: str
    base_currency: str
    books: ledgers.Books
    status: str = "online"
    tenant_type: str = "ORGANISATION"
    begun: int = 0

    @property
    def tenant_id(self) -> str:
        """Return the id by which it is known now."""
        if not self.begun:
            return self.seeded_tenant_id
        return str(uuid.uuid5(uuid.UUID(self.seeded_tenant_id), str(self.begun)))

    @property
    def short_code(self) -> str:
        """Return what stands in the addresses of its pages in Xero."""
        return self.seeded_short_code + ("" if not self.begun else str(self.begun))

    @property
    def is_demo(self) -> bool:
        """Return whether it is Xero's own example, which begins anew every 28 days."""
        return self.name.startswith("Demo Company")

    def begin_anew(self) -> None:
        """Go back to the seeded books under another id.

        :raises records.NotAllowed: it is no Demo Company.
        """
        if not self.is_demo:
            raise records.NotAllowed("Only a Demo Company begins anew.")
        self.begun += 1
        self.books.reset()

    def reset(self) -> None:
        """Go back to the seeded books, online."""
        self.status, self.begun = "online", 0
        self.books.reset()

    def snapshot(self) -> OrganisationSnapshot:
        """Return what a restart must restore."""
        return OrganisationSnapshot(self.status, self.books.snapshot(), self.begun)

    def restore(self, snapshot: OrganisationSnapshot) -> None:
        """Go on from a snapshot; the books must be at their seeded start."""
        self.status, self.begun = snapshot.status, snapshot.begun
        self.books.restore(snapshot.books)
