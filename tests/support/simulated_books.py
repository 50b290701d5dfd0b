"""Documents in the books of a simulator that nobody is connected to for more than webhooks."""

from typing import Any

from tests.support import simulator_client


def open_invoice(url: str) -> dict[str, Any]:
    """Return an approved sales invoice with nothing applied."""
    for document in simulator_client.get(url, "books")["documents"]:
        is_open = (document["type"], document["status"]) == ("ACCREC", "AUTHORISED")
        if is_open and document["amount_due"] == document["total"]:
            found: dict[str, Any] = document
            return found
    raise LookupError("no open invoice")


def raise_invoices(url: str, count: int) -> list[str]:
    """Raise so many invoices for one contact, and return their ids."""
    contact_id = open_invoice(url)["contact_id"]
    return [
        simulator_client.post(url, "documents", act="raise", contact_id=contact_id, amount="10")[
            "id"
        ]
        for _ in range(count)
    ]
