"""What one journey plays on: a portal with people and learners, and two organisations in Xero."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, expect

from lrm.demo import books, stack
from tests.journeys import inspection
from tests.journeys.visitor import Visitor
from tests.journeys.xero import Organisation, Xero

RESYNC = "/settings/connected-apps/xero/resync/"
START = "/settings/connected-apps/xero/contacts/start/"
SECONDS = 45.0  # Only ever waited to the end where something is wrong.


@dataclass
class Stage:
    """What one journey has to itself: a portal with people and learners, two organisations."""

    product: stack.Stack
    browser: Browser
    xero: Xero
    slug: str
    name: str
    home: Organisation
    other: Organisation
    learner_ids: dict[str, int]
    maker: "PortalMaker"
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(
        self, who: str = "admin", *, script: bool = True, slug: str = "", by_form: bool = False
    ) -> Visitor:
        """Return a signed-in person of `portals.PEOPLE`, of this portal unless another is named.

        They have signed in before, unless they shall do so by the form: to check a password takes
        half a second, on purpose.
        """
        context = self.browser.new_context(
            viewport=inspection.WIDE,
            java_script_enabled=script,
            reduced_motion="reduce",
            accept_downloads=True,
            timezone_id="Australia/Sydney",
            locale="en-AU",
        )
        context.set_default_timeout(SECONDS * 1000)
        came = Visitor(context, url=self.product.url)
        self.visitors.append(came)
        user = f"{who}-{slug or self.slug}"
        if by_form:
            came.sign_in(user)
        else:
            name, value = self.maker.sign_in(user)
            context.add_cookies([{"name": name, "value": value, "url": self.product.url}])
            came.open("/")
        return came

    def stranger(self) -> Visitor:
        """Return the admin of another portal."""
        slug = f"not-{self.slug}"
        self.maker.make(slug=slug, name="Spinifex Institute", learners=[])
        return self.visitor(slug=slug)

    def connect(self, came: Visitor, organisation: Organisation | None = None) -> None:
        """Connect from the Connected Apps page, where nothing stands against it."""
        came.open_connected_apps()
        came.press_connect()
        self.xero.allow(came.page, organisation or self.home)
        came.expect_message(f"Connected to {(organisation or self.home).name}")

    def start_sending(self, came: Visitor) -> None:
        """Look at the dry run once all contacts are read, and let learners be sent."""
        came.open(START)
        came.press("Start sending learners")
        came.expect_message("Started.")

    def resync_everything(self, came: Visitor) -> None:
        """Re-sync every year there is from the page, and wait until it is verified complete."""
        came.open(RESYNC)
        self.expect_verified(came, "Started by itself")
        came.choose_dates("2019-01-01")
        came.press("Start re-sync")
        self.expect_verified(came, "Started by Alex")

    def expect_verified(self, came: Visitor, who: str) -> None:
        """Wait until the run that was started so is done, and every kind is proved complete."""
        run = came.page.get_by_role("article").filter(has_text=who).first
        line = run.locator(".run-line")
        expect(line.locator(".status")).to_have_text("Complete")
        if not line.evaluate("one => one.parentElement.open"):
            line.click()
        expect(run.get_by_role("table").get_by_text("Complete")).to_have_count(len(books.KINDS))
        expect(run.get_by_text("Differs")).to_have_count(0)

    def unpaid_invoice(self) -> dict[str, Any]:
        """Return the newest approved, untouched invoice of a learner of this portal."""
        return next(
            row
            for row in reversed(self.xero.sales(self.home))
            if row["status"] == "AUTHORISED"
            and row["type"] == "ACCREC"
            and row["amount_due"] == row["total"]
            and row["learner_number"] in self.learner_ids
        )

    def invoices_of(self, number: str) -> str:
        """Return the address of a learner's Xero Invoices."""
        return f"/learners/{self.learner_ids[number]}/xero-invoices/"


class PortalMaker:
    """The process that makes portals in the product's database."""

    def __init__(self, running: stack.Stack) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.portals"],
            cwd=stack.ROOT,
            env=running.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def make(self, **wanted: Any) -> dict[str, int]:
        """Make a portal and return the ids of its learners by number."""
        made: dict[str, int] = self._ask(wanted)
        return made

    def sign_in(self, username: str) -> tuple[str, str]:
        """Sign somebody in, and return the cookie that says so: its name and its value."""
        name, value = self._ask({"username": username})
        return name, value

    def _ask(self, wanted: dict[str, Any]) -> Any:
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None
        assert answers is not None
        given.write(json.dumps(wanted) + "\n")
        given.flush()
        return json.loads(answers.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
