"""An organisation in Xero: a tenant with its books."""

import dataclasses

from xero_simulator import books

ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
}


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
