"""A portal admin's first day in a real browser: from the printed link to a contact in Xero."""

import re
import time
from typing import Any

import pyotp
from playwright.sync_api import Locator, expect

from lrm.demo import books
from scripts.rehearsal.installation import StepFailed
from scripts.rehearsal.walk import MOST_SECONDS, PORTAL, Walk, wait

ADMIN = "admin"
PASSWORD = "corridor-lantern-47-quill"  # noqa: S105 - of a portal that is thrown away
CONNECTED_APPS = "/settings/connected-apps/"
_LONG = MOST_SECONDS * 1000
_NEW = ("Quinn", "Rehearsal", "R900001")


def create_portal(walk: Walk) -> str:
    """Make the first portal by options, as nobody is there to be asked."""
    said = walk.at.manage(
        *("create_portal", "--name", "Rehearsal College", "--email", "admin@example.com"),
        *("--username", ADMIN, "--given-name", "Robin", "--family-name", "Made-Up"),
    )
    walk.link = said.strip().splitlines()[-1]
    if PORTAL not in said or not walk.link.startswith(f"{walk.at.url}/"):
        raise StepFailed(f"create_portal says: {said}")
    return said.strip().splitlines()[0]


def set_password(walk: Walk) -> str:
    """Follow the link and set a password."""
    page = walk.page
    page.goto(walk.link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label(re.compile("confirmation", re.I)).fill(PASSWORD)
    _press(walk, "Set password")
    page.wait_for_load_state()
    if not page.get_by_label("User name").count():
        raise StepFailed(f"After the password {page.url} says: {_said(walk)}")
    _enter_password(walk)
    page.wait_for_url(f"{walk.at.url}/")
    return "set, and signed in with it"


def set_up_second_factor(walk: Walk) -> str:
    """Set it up from what the page shows, sign out, and sign in with a code."""
    page = walk.page
    walk.open("/account/second-factor/")
    _press(walk, "Set up an app")
    key = page.locator(".code-line")
    expect(key).to_be_visible()
    walk.second_factor = key.inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(walk.second_factor).now())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    _press(walk, "Set up")
    _expect_heading(walk, "Recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    page.locator("details.account > summary").click()
    _press(walk, "Sign out")
    page.wait_for_url(re.compile("/sign-in/"))
    # A code works once: the app shows another every half a minute.
    time.sleep(30.5 - time.time() % 30)
    _enter_password(walk)
    _expect_heading(walk, "Enter your code")
    page.get_by_label("Code").fill(pyotp.TOTP(walk.second_factor).now())
    _press(walk, "Sign in")
    page.wait_for_url(f"{walk.at.url}/")
    return "set up by its key; signed out, and in with a code"


def add_learner_of_xero(walk: Walk) -> str:
    """Add a learner whom Xero knows by their number, with an invoice that is not paid yet."""
    walk.invoice = _unpaid_invoice(walk)
    contact = walk.invoice["contact"]
    family = contact["family_name"] or contact["name"]
    _add_learner(walk, contact["given_name"] or "Sam", family, contact["number"])
    walk.learner_page = walk.page.url.removeprefix(walk.at.url)
    return f"{contact['number']}, by the form"


def connect(walk: Walk) -> str:
    """Connect from Settings > Connected Apps through Xero's own pages."""
    page, organisation = walk.page, walk.xero.show("organisations")[0]
    walk.open("/")
    page.get_by_role("link", name="Settings", exact=True).first.click()
    page.get_by_role("link", name=re.compile("Connected Apps")).first.click()
    _press(walk, "Connect to Xero")
    page.get_by_role("button", name="Priya Nair").click()
    page.get_by_label(organisation["name"], exact=True).check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.locator(".messages")).to_contain_text(f"Connected to {organisation['name']}")
    return f"connected to {organisation['name']}"


def first_sync(walk: Walk) -> str:
    """Wait until the page says that the first sync is complete, each kind with its proof."""
    walk.open(f"{CONNECTED_APPS}xero/resync/")
    run = walk.page.get_by_role("article").filter(has_text="Started by itself").first
    line = run.locator(".run-line")
    expect(line.locator(".status")).to_have_text("Complete", timeout=_LONG)
    if not line.evaluate("one => one.parentElement.open"):
        line.click()
    proved = run.get_by_role("table").get_by_text("Complete")
    expect(proved).to_have_count(len(books.KINDS))
    expect(run.get_by_text("Differs")).to_have_count(0)
    return f"{len(books.KINDS)} kinds complete; {walk.compare()}"


def follow_payment(walk: Walk) -> str:
    """Pay the invoice in Xero, and watch the learner's page follow by webhook."""
    walk.open(f"{walk.learner_page}xero-invoices/")
    row = _row(walk, walk.invoice["number"])
    expect(row).to_be_visible(timeout=_LONG)
    expect(row).not_to_contain_text("Paid")
    walk.page.evaluate("window.neverReloaded = true")
    began = time.monotonic()
    walk.xero.do("documents", act="pay", id=walk.invoice["xero_id"])
    expect(row).to_contain_text("Paid", timeout=_LONG)
    seconds = time.monotonic() - began
    if not walk.page.evaluate("window.neverReloaded === true"):
        raise StepFailed("The learner's page was loaded anew.")
    if seconds > 30:
        raise StepFailed(f"It took {seconds:.0f} s: no webhook brought it.")
    return f"{walk.invoice['number']} shows Paid after {seconds:.1f} s"


def start_sending(walk: Walk) -> str:
    """Look at the dry run and start: before it nothing was written into Xero."""
    before = walk.xero.show("books")["contacts"]
    walk.open(CONNECTED_APPS)
    walk.page.get_by_role("link", name="Check learners against Xero").click()
    start = walk.page.get_by_role("button", name="Start sending learners")
    expect(start).to_be_visible(timeout=_LONG)
    if walk.xero.show("books")["contacts"] != before:
        raise StepFailed("Contacts in Xero were changed before anybody started it.")
    start.click()
    expect(walk.page.locator(".messages")).to_contain_text("Started.")
    return "nothing written before; started"


def send_learner(walk: Walk) -> str:
    """Add a learner whom Xero does not know, and find the contact in its books."""
    _add_learner(walk, *_NEW)
    seconds = wait(lambda: bool(_contact(walk, _NEW[2])), what="the contact in Xero's books")
    contact = _contact(walk, _NEW[2])
    if contact["name"] != f"{_NEW[0]} {_NEW[1]}":
        raise StepFailed(f"The contact in the books is {contact}")
    return f"{contact['name']} in Xero after {seconds:.1f} s"


def add_endpoint(walk: Walk) -> str:
    """Name a program outside, and send it a test: from then on all workers have had work.

    Nobody lives there; the log says that it was tried.
    """
    walk.open("/settings/webhooks/")
    walk.page.get_by_label("Name").fill("Enrolments")
    walk.page.get_by_label("Address").fill("https://hooks.example.invalid/lrm")
    _press(walk, "Make the endpoint")
    _expect_heading(walk, "Enrolments")
    _press(walk, "Send a test")
    walk.page.reload()
    row = walk.page.get_by_role("row", name=re.compile("A test, sent by a person"))
    expect(row).to_be_visible()

    def was_tried() -> bool:
        walk.page.reload()
        return bool(re.search(r"try \d", row.first.inner_text()))

    wait(was_tried, what="the test to be tried")
    return " ".join(row.first.inner_text().split())


def _add_learner(walk: Walk, given: str, family: str, number: str) -> None:
    walk.open("/learners/")
    walk.page.get_by_role("link", name="Add learner").first.click()
    walk.page.get_by_label("Given name").fill(given)
    walk.page.get_by_label("Family name").fill(family)
    walk.page.get_by_label("Learner number").fill(number)
    walk.page.get_by_role("switch", name="Sync to Xero").check()
    _press(walk, "Add learner")
    walk.page.wait_for_url(re.compile(r"/learners/\d+/$"))


def _enter_password(walk: Walk) -> None:
    walk.page.get_by_label("User name").fill(ADMIN)
    walk.page.get_by_label("Password").fill(PASSWORD)
    _press(walk, "Sign in")


def _unpaid_invoice(walk: Walk) -> dict[str, Any]:
    """Return the newest untouched sales invoice of a contact with a number, with that contact."""
    told = walk.xero.show("books")
    contacts = {
        one["contact_id"]: one
        for one in told["contacts"]
        if one["status"] == "ACTIVE" and re.fullmatch(r"L\d{6}", one["number"] or "")
    }
    for row in reversed(told["documents"]):
        is_open = row["type"] == "ACCREC" and row["status"] == "AUTHORISED"
        if is_open and row["amount_due"] == row["total"] and row["contact_id"] in contacts:
            return {**row, "contact": contacts[row["contact_id"]]}
    raise StepFailed("The books have no unpaid invoice of a learner.")


def _contact(walk: Walk, number: str) -> dict[str, Any]:
    contacts: list[dict[str, Any]] = walk.xero.show("books")["contacts"]
    return next((one for one in contacts if one["number"] == number), {})


def _row(walk: Walk, name: str) -> Locator:
    header = walk.page.get_by_role("rowheader", name=re.compile(rf"^{re.escape(name)}\b"))
    return walk.page.get_by_role("row").filter(has=header)


def _press(walk: Walk, name: str) -> None:
    walk.page.get_by_role("button", name=name, exact=True).click()


def _expect_heading(walk: Walk, words: str) -> None:
    expect(walk.page.get_by_role("heading", level=1)).to_have_text(words)


def _said(walk: Walk) -> str:
    return " ".join(walk.page.locator("body").inner_text().split())[:300]
