"""What a test finds in the books of the connected organisation, and does there."""

from typing import Any

from tests.support.linked import Linked


def open_invoice(linked: Linked) -> str:
    """Return the id of an invoice that is owed."""
    return next(
        str(one["xero_id"])
        for one in linked.books()["documents"]
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
    )


def invoices(linked: Linked) -> list[dict[str, Any]]:
    """Return the sales invoices in the order in which they are walked."""
    rows = [one for one in linked.books()["documents"] if one["type"] == "ACCREC"]
    return sorted(rows, key=lambda one: str(one["xero_id"]))


def act(linked: Linked, act: str, row: dict[str, Any], **given: str) -> None:
    """Do something to a document in Xero."""
    linked.world.do("documents", tenant=linked.tenant, act=act, id=row["xero_id"], **given)


def pay_something_unannounced(linked: Linked) -> str:
    """Pay an invoice in Xero ten minutes from now, with no webhook to tell."""
    linked.world.do("webhooks", enabled=False)
    linked.world.do("clock", advance_seconds=600)
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)
    linked.world.do("clock", advance_seconds=600)
    return invoice_id


def invoice_ids(linked: Linked, count: int) -> list[str]:
    """Return the ids of so many invoices in Xero."""
    found = [one["xero_id"] for one in linked.books()["documents"] if one["type"] == "ACCREC"]
    return found[:count]
