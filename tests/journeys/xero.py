"""The pretend Xero as a journey needs it: its pages answered, its books read and changed."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from lrm.demo import books
from tests.support.simulator_client import SimulatorClient

EVERYTHING, ONE, NOTHING = "Priya Nair", "Tom Reid", "Alex Moana"


@dataclass(frozen=True)
class Organisation:
    """An organisation in Xero."""

    tenant_id: str
    name: str


class Xero(SimulatorClient):
    """Xero's pages, and its books behind them."""

    def organisations(self) -> list[Organisation]:
        """Return all of them, in a fixed order."""
        rows = self.show("organisations")
        return [Organisation(row["tenant_id"], row["name"]) for row in rows]

    def allow(self, page: Page, *organisations: Organisation, user: str = EVERYTHING) -> None:
        """Sign in on Xero's page, choose and allow."""
        page.get_by_role("button", name=user).click()
        for one in organisations:
            page.get_by_label(one.name, exact=True).check()
        page.get_by_role("button", name="Allow access").click()

    def cancel(self, page: Page, *, user: str = EVERYTHING) -> None:
        """Sign in on Xero's page and cancel."""
        page.get_by_role("button", name=user).click()
        page.get_by_role("button", name="Cancel").click()

    def pay(self, organisation: Organisation, invoice: dict[str, Any]) -> None:
        """Pay all that is due of an invoice."""
        self.do("documents", act="pay", id=invoice["xero_id"], tenant=organisation.tenant_id)

    def sales(self, organisation: Organisation) -> list[dict[str, Any]]:
        """Return every sales document, each with the learner number of its contact."""
        all_books = self.show("books", tenant=organisation.tenant_id)
        numbers = {row["contact_id"]: row["number"] or "" for row in all_books["contacts"]}
        return [
            {**row, "learner_number": numbers[row["contact_id"]]}
            for row in all_books["documents"]
            if row["type"] in books.KINDS
        ]
