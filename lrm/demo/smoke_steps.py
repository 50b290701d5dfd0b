"""The steps of the smoke walk. Each returns what it saw, and raises where that is wrong."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from lrm.demo import books, pages, person, stack

PASSWORD = "demo"  # noqa: S105 - printed on the demo's own screen
CONNECTED_APPS = "/settings/connected-apps/"
START = "/settings/connected-apps/xero/contacts/start/"
# For one step. Longer than a minute: a limit that is reached may hold a step up for as long.
MOST_SECONDS = 90.0
NEW_LEARNER = {
    "number": "L900001",
    "given_name": "Quinn",
    "family_name": "Smoketest",
    "email": "quinn.smoketest@example.com",
}


class StepFailed(RuntimeError):
    """The product did not do what it should; the message says what was seen instead."""


class Walk:
    """What the steps share: the running product, its user, the simulator's calls."""

    def __init__(self, running: stack.Stack) -> None:
        self.running = running
        self.admin = person.Person(running.url)
        today = datetime.now(UTC).date()
        # A day more: the organisation may live east of Greenwich, where it is tomorrow already.
        self.until = today + timedelta(days=1)
        self.since = _two_years_before(today)
        # Xero's, before anything is connected.
        self.contacts: list[dict[str, Any]] = []

    def simulator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the simulator's control interface: GET, or POST where there is a body."""
        answer = requests.request(
            "GET" if body is None else "POST",
            f"{self.running.simulator_url}/simulator/{path}",
            json=body,
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def command(self, *arguments: str, seconds: float = MOST_SECONDS) -> str:
        """Run a management command and return its standard output.

        :raises StepFailed: when it ends with an error; with what it said.
        """
        done = subprocess.run(
            self.running.manage(*arguments),
            cwd=stack.ROOT,
            env=self.running.env,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-800:]
            raise StepFailed(f"manage.py {arguments[0]} ended with {done.returncode}: {said}")
        return done.stdout

    def report(self) -> list[dict[str, Any]]:
        """Run report 0442 over the whole range and return its rows."""
        since, until = self.since.isoformat(), self.until.isoformat()
        told = self.command(
            *("report_0442", "demo", "--from", since, "--to", until, "--format", "json")
        )
        rows: list[dict[str, Any]] = json.loads(told)["rows"]
        return rows


def sign_in(walk: Walk) -> str:
    """Sign in as the portal admin."""
    page = walk.admin.open("/sign-in/")
    page = walk.admin.submit(page.form("/sign-in/"), {"username": "admin", "password": PASSWORD})
    if page.path.startswith("/sign-in"):
        raise StepFailed(f"Still at {page.path}: {page.text[:200]}")
    return f"the dashboard, {page.path}"


def connect(walk: Walk) -> str:
    """Connect the first organisation through the simulator's own pages."""
    walk.contacts = walk.simulator("books")["contacts"]
    organisation = walk.simulator("organisations")[0]
    user = next(
        one for one in walk.simulator("users") if organisation["tenant_id"] in one["tenant_ids"]
    )
    page = walk.admin.open(CONNECTED_APPS)
    page = walk.admin.submit(page.form("/xero/connect/"))
    page = walk.admin.submit(page.form("/identity/sign-in"), button=user["user_id"])
    page = walk.admin.submit(
        page.form("/identity/consent"), {"tenant": organisation["tenant_id"]}, button="allow"
    )
    if not page.path.startswith(CONNECTED_APPS) or organisation["name"] not in page.text:
        raise StepFailed(f"After consent {page.path} says: {page.text[:300]}")
    return str(organisation["name"])


def ask_for_resync(walk: Walk) -> str:
    """Ask for the last two years on the page, and wait for the verified end of that very run."""
    # The first sync holds every day: while it is open it answers all who ask.
    _wait(lambda: not any(_is_open(run) for run in _runs(walk)), what="the first sync to end")
    before = {run["id"] for run in _runs(walk)}
    page = walk.admin.open(walk.admin.open(CONNECTED_APPS).link("/xero/resync/"))
    today = datetime.now(UTC).date()
    dates = {"date_from": walk.since.isoformat(), "date_to": today.isoformat()}
    chosen = {**dates, "span": "dates"}
    page = walk.admin.submit(page.form("/xero/resync/"), chosen, button="Start re-sync")
    started = [run for run in _runs(walk) if run["id"] not in before]
    if [{name: run[name] for name in dates} for run in started] != [dates]:
        raise StepFailed(f"{page.path} started {started}, and says: {page.text[:300]}")
    number = started[0]["id"]
    _wait(lambda: not _is_open(_run(walk, number)), what=f"re-sync {number} to end")
    ended = _run(walk, number)
    stages = {kind["stage"] for kind in ended["kinds"]}
    if (ended["state"], stages) != ("DONE", {"COMPLETE"}):
        raise StepFailed(f"Re-sync {number} ended {ended['state']}, {stages}: {ended['reason']}")
    return f"{walk.since} to {today}: {ended['read']} documents, verified complete"


def resync_by_command(walk: Walk) -> str:
    """Ask for the same by the command, which ends only when it is verified complete."""
    today = datetime.now(UTC).date().isoformat()
    walk.command("resync", "demo", "--from", walk.since.isoformat(), "--to", today, "--wait")
    return "verified complete"


def compare(walk: Walk) -> str:
    """Compare every sales document of the books with the report."""
    documents = walk.simulator("books")["documents"]
    expected = books.sales_documents(
        documents, since=walk.since.isoformat(), until=walk.until.isoformat()
    )
    report = walk.report()
    wrong = books.differences(expected, report)
    if wrong or not expected:
        shown = "; ".join(wrong[: books.MOST_SHOWN])
        raise StepFailed(f"{len(wrong)} differences in {len(expected)} documents: {shown}")
    left_out = len(documents) - len(expected)
    return f"{len(report)} documents equal, {left_out} of suppliers left out"


def follow_payment(walk: Walk) -> str:
    """Pay a learner's invoice in the simulator and wait for the learner's page to say so."""
    invoice, number = _unpaid_invoice_of_a_learner(walk)
    address = f"/learners/{_learner_id(walk, number)}/xero-invoices/"
    # Contacts find their learners in the first sweep, which goes on beside the re-sync.
    _wait(
        lambda: bool(_document_row(walk, address, invoice["number"])),
        what=f"{address} to show {invoice['number']}",
    )
    before = _document_row(walk, address, invoice["number"])
    if _says_paid(before):
        raise StepFailed(f"{address} should show {invoice['number']} unpaid, but: {before!r}")

    walk.simulator("documents", {"act": "pay", "id": invoice["xero_id"]})
    # Any other change will not do: at midnight a row says by itself that it is due or overdue.
    seconds = _wait(
        lambda: _says_paid(_document_row(walk, address, invoice["number"])),
        what=f"{address} to show {invoice['number']} paid",
    )
    return f"{invoice['number']} paid on the page after {seconds:.1f} s"


def start_sending(walk: Walk) -> str:
    """Follow the card to the dry run, and start sending learners; nobody has been sent before."""
    # The button to start is there once all contacts are read.
    _wait(lambda: bool(_start_page(walk).forms_to(START)), what="all contacts to be read")
    page = _start_page(walk)
    if walk.simulator("books")["contacts"] != walk.contacts:
        raise StepFailed("Contacts in Xero were changed before anybody started it.")
    found = re.search(r"([\d,]+) learners? (?:is|are) ticked", page.text)
    page = walk.admin.submit(page.form(START), button="Start sending learners")
    if "Started." not in page.text:
        raise StepFailed(f"After the start {page.path} says: {page.text[:300]}")
    return f"{found[1] if found else 'no'} learners checked against Xero, then started"


def _start_page(walk: Walk) -> pages.Page:
    """Open the page as the card leads there."""
    return walk.admin.open(walk.admin.open(CONNECTED_APPS).link(START))


def push_learner(walk: Walk) -> str:
    """Save a learner with Sync to Xero ticked and wait for the contact in the books."""
    form = walk.admin.open("/learners/new/").form("/learners/new/")
    walk.admin.submit(form, {**NEW_LEARNER, "sync_to_xero": "on"})
    seconds = _wait(
        lambda: _contact(walk, NEW_LEARNER["number"]) is not None,
        what=f"a contact numbered {NEW_LEARNER['number']} in the books",
    )
    contact = _contact(walk, NEW_LEARNER["number"])
    if contact is None or contact["email"] != NEW_LEARNER["email"]:
        raise StepFailed(f"The contact in the books is {contact}")
    return f"{contact['name']} in the books after {seconds:.1f} s"


STEPS: list[tuple[str, Callable[[Walk], str]]] = [
    ("sign in", sign_in),
    ("connect by OAuth2", connect),
    ("re-sync asked on the page", ask_for_resync),
    ("re-sync by command", resync_by_command),
    ("report 0442 against the books", compare),
    ("change in Xero by webhook", follow_payment),
    ("dry run, and start", start_sending),
    ("learner to Xero", push_learner),
    ("report 0442 again", compare),
]


def _two_years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 2)
    except ValueError:  # The 29th of February.
        return day.replace(year=day.year - 2, day=28)


def _wait(holds: Callable[[], bool], *, what: str, seconds: float = MOST_SECONDS) -> float:
    """Return after how many seconds it held.

    :raises StepFailed: when it never did.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise StepFailed(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.1)
    return time.monotonic() - began


def _runs(walk: Walk) -> list[dict[str, Any]]:
    """Return the newest re-syncs as the signed-in person's API tells them."""
    found: list[dict[str, Any]] = json.loads(walk.admin.open("/api/v1/sync-runs/").html)["results"]
    return found


def _run(walk: Walk, number: int) -> dict[str, Any]:
    return next(run for run in _runs(walk) if run["id"] == number)


def _is_open(run: dict[str, Any]) -> bool:
    return run["finished_at"] is None


def _unpaid_invoice_of_a_learner(walk: Walk) -> tuple[dict[str, Any], str]:
    """Return an approved sales invoice, and the number of the learner whose contact it has."""
    all_books = walk.simulator("books")
    learners = {
        one["contact_id"]: one["number"]
        for one in all_books["contacts"]
        if one["status"] == "ACTIVE" and re.fullmatch(r"L\d{6}", one["number"] or "")
    }
    for row in reversed(all_books["documents"]):
        is_open = row["type"] == "ACCREC" and row["status"] == "AUTHORISED"
        if is_open and row["contact_id"] in learners:
            return row, learners[row["contact_id"]]
    raise StepFailed("The books have no unpaid invoice of a learner.")


def _learner_id(walk: Walk, number: str) -> int:
    page = walk.admin.open(f"/learners/?q={number}")
    found = {
        int(hit.group(1)) for link in page.links if (hit := re.search(r"/learners/(\d+)/", link))
    }
    if len(found) != 1:
        raise StepFailed(f"Searching {number} finds {len(found)} learners: {page.text[:200]}")
    return found.pop()


def _document_row(walk: Walk, address: str, number: str) -> str:
    page: pages.Page = walk.admin.open(address)
    return page.row_of(number)


def _says_paid(row: str) -> bool:
    return re.search(r"\bPaid\b", row) is not None


def _contact(walk: Walk, number: str) -> dict[str, Any] | None:
    contacts: list[dict[str, Any]] = walk.simulator("books")["contacts"]
    return next((one for one in contacts if one["number"] == number), None)
