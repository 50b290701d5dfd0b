"""One running product and one browser for all journeys; a portal of its own for each.

The product runs as in production, with DEBUG off: people then meet its own error pages, and static
files have the names that production gives them. The books are small, and every journey takes two
organisations that no other one touches, so that none meets another's connections, webhooks or
limits.
"""

import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from lrm.demo import books, stack
from lrm.local import local_services
from tests.journeys import inspection
from tests.journeys.visitor import Visitor
from tests.journeys.xero import Organisation, Xero
from tests.support import live

ORGANISATIONS = 63  # Three with books that differ in size, then two for each of thirty journeys.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Made up; as long as production asks for.
PRODUCTION = {
    "DEBUG": "False",
    "ALLOWED_HOSTS": "localhost",
    "SECRET_KEY": "made-up-c4b0f19e7a2d48d3b6a5918273645f0e1d2c3b4a5968778695a4b3c2d1e0f",
    "TOKEN_ENCRYPTION_KEYS": "am91cm5leXMtb25seS1rZXktb2YtMzItYnl0ZXMtb2s=",
}
RESYNC = "/settings/connected-apps/xero/resync/"
SECONDS = 45.0  # Only ever waited to the end where something is wrong.
JOURNEY_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all journeys, and give them time: the first waits for the product to start."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(JOURNEY_SECONDS))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where the browser is; without one nothing needs to start."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return found


# Not for the session: there can be one at a time, and a test elsewhere may run its own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Run Debian's chromium, headless."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as tools:
        launched = tools.chromium.launch(executable_path=chromium, args=list(OPTIONS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def product(chromium: str) -> Iterator[stack.Stack]:
    """Run the whole product on free ports, with many small organisations in its Xero."""
    parent = Path(tempfile.mkdtemp(prefix="lrm-journeys-"))
    directory = parent / "tests"
    directory.mkdir()
    size = ("--organisations", str(ORGANISATIONS), "--documents", "150", "--contacts", "30")
    try:
        plan = replace(live.make_plan(directory, *size, **PRODUCTION), seed=False)
        running = stack.Stack(plan)
        _collect_static_files(running)
        with running:
            yield running
    finally:
        local_services.leave(directory)
        shutil.rmtree(parent, ignore_errors=True)


def _collect_static_files(running: stack.Stack) -> None:
    """Collect them as the production image does; no service is asked for it."""
    settings = {**stack.xero_settings(running.simulator_url), "PUBLIC_URL": running.url}
    subprocess.run(
        running.manage("collectstatic", "--no-input", "-v", "0"),
        cwd=stack.ROOT,
        env={**running.env, **running.plan.settings, **settings},
        check=True,
    )


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

    def visitor(self, who: str = "admin", *, script: bool = True, slug: str = "") -> Visitor:
        """Return a signed-in person of `portals.PEOPLE`, of this portal unless another is named."""
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
        came.sign_in(f"{who}-{slug or self.slug}")
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

    def resync_everything(self, came: Visitor) -> None:
        """Re-sync every year there is from the page, and wait until it is verified complete."""
        came.open(RESYNC)
        self.expect_verified(came, "Started by itself")
        came.page.get_by_label("From").fill("2019-01-01")
        came.press("Start re-sync")
        came.expect_message("The re-sync has started")
        self.expect_verified(came, "Asked for by")

    def expect_verified(self, came: Visitor, who: str) -> None:
        """Wait until the run that was started so is done, and every kind is proved complete."""
        run = came.page.get_by_role("article").filter(has_text=who).first
        expect(run.locator(".status", has_text=re.compile("^Done$"))).to_be_visible()
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
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None
        assert answers is not None
        given.write(json.dumps(wanted) + "\n")
        given.flush()
        made: dict[str, int] = json.loads(answers.readline())
        return made

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _learners_of(contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a learner for each contact that has a number."""
    return [
        {
            "number": contact["number"],
            "given_name": contact["given_name"],
            "family_name": contact["family_name"] or contact["name"],
            "email": contact["email"],
            "sync_to_xero": contact["status"] == "ACTIVE",
        }
        for contact in contacts
        if contact["number"]
    ]


@pytest.fixture(scope="session")
def portal_maker(product: stack.Stack) -> Iterator[PortalMaker]:
    """Keep one such process for all journeys."""
    maker = PortalMaker(product)
    yield maker
    maker.close()


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Count the journeys."""
    return itertools.count(1)


@pytest.fixture
def stage(
    product: stack.Stack, browser: Browser, portal_maker: PortalMaker, numbers: Iterator[int]
) -> Iterator[Stage]:
    """Set the stage for one journey; afterwards no visitor may have met trouble."""
    number = next(numbers)
    xero = Xero(product.simulator_url)
    home, other = xero.organisations()[2 * number + 1 : 2 * number + 3]
    contacts = xero.ask("books", tenant=home.tenant_id)["contacts"]
    slug, name = f"journey-{number}", f"Bluebush College {number}"
    learner_ids = portal_maker.make(slug=slug, name=name, learners=_learners_of(contacts))
    set_up = Stage(product, browser, xero, slug, name, home, other, learner_ids, portal_maker)
    yield set_up
    trouble = [words for came in set_up.visitors for words in came.trouble]
    for came in set_up.visitors:
        came.context.close()
    assert not trouble, "\n".join(trouble)
