"""Takes the pictures of README and tours: `.venv/bin/python -m scripts.screenshots [FOLDER]`.

Starts a demo of its own on free ports, with data that is thrown away, walks through it in
chromium and writes PNGs to docs/images. Everybody and every figure in them is made up. Exits 1
where a picture is too heavy for a README.
"""

import io
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from lrm.demo import books, ports, smoke_steps, stack
from lrm.local import local_services
from scripts import tour_pictures

MOST_BYTES = 150_000
WIDTH = 1280
PHONE = (390, 844)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


class Album:
    """The folder, and what lies in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.too_heavy: list[str] = []

    def take(self, page: Page, name: str, *, most_height: int, width: int = WIDTH) -> None:
        """Take a picture of the page from its top, as high as its content but not higher."""
        page.set_viewport_size({"width": width, "height": 300})
        content = page.evaluate(
            "Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)"
        )
        page.set_viewport_size({"width": width, "height": min(content, most_height)})
        page.mouse.move(0, 0)
        # What was pressed may have been scrolled to.
        page.evaluate("scrollTo(0, 0)")
        path = self._folder / f"{name}.png"
        path.write_bytes(_packed(page.screenshot(animations="disabled")))
        size = path.stat().st_size
        if size > MOST_BYTES:
            self.too_heavy.append(name)
        sys.stdout.write(f"{path}  {size / 1000:.0f} kB\n")


def _packed(png: bytes) -> bytes:
    """Return the picture in 256 colours, which is all that pages like these need."""
    packed = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(packed, "png", optimize=True)
    return packed.getvalue()


def main() -> int:
    """Take all of them; return the exit code."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is not installed (Debian: apt-get install chromium)\n")
        return 1
    album = Album(Path(sys.argv[1] if len(sys.argv) > 1 else stack.ROOT / "docs" / "images"))
    directory = Path(tempfile.mkdtemp(prefix="lrm-pictures-"))
    try:
        with stack.Stack(_plan(directory)) as running, sync_playwright() as tools:
            browser = tools.chromium.launch(executable_path=chromium, args=OPTIONS)
            context = browser.new_context(locale="en-AU", reduced_motion="reduce")
            context.set_default_timeout(15_000)
            _walk(context.new_page(), running, album)
            browser.close()
    finally:
        local_services.leave(directory)
        shutil.rmtree(directory, ignore_errors=True)
    for name in album.too_heavy:
        sys.stderr.write(f"{name}.png is heavier than {MOST_BYTES / 1000:.0f} kB\n")
    return 1 if album.too_heavy else 0


def _plan(directory: Path) -> stack.Plan:
    return stack.Plan(
        directory=directory,
        web_port=ports.free_port(),
        simulator_port=ports.free_port(),
        # A machine that is slow to answer the first webhooks would get no others.
        simulator_options=("--webhook-timeout", "30"),
        settings={
            "DATABASE_URL": local_services.database_url(directory),
            "REDIS_URL": local_services.redis_url(directory),
        },
    )


def _walk(page: Page, running: stack.Stack, album: Album) -> None:
    """Do the main job and take a picture wherever it shows something."""
    connected_apps = f"{running.url}/settings/connected-apps/"
    page.set_viewport_size({"width": WIDTH, "height": 900})
    _sign_in(page, running, "admin")
    # The simulator tries for a minute, and a slow machine may take longer to start the web.
    there = f"{running.simulator_url}/simulator/webhooks/intent"
    requests.post(there, json={}, timeout=120).raise_for_status()
    page.goto(connected_apps)
    album.take(page, "connected-apps-before", most_height=800)

    page.get_by_role("button", name="Connect to Xero").click()
    page.get_by_role("button", name="Priya Nair").click()
    page.get_by_role("button", name="Allow access").click()
    page.goto(f"{connected_apps}xero/contacts/start/")
    # It shows by itself once all contacts are read.
    tour_pictures.before_sending(page, album)
    page.get_by_role("button", name="Start sending learners").click(timeout=60_000)
    page.goto(f"{connected_apps}xero/resync/")
    _expect_done(page, "Started by itself")
    page.get_by_role("button", name="Start re-sync").click()
    _expect_done(page, "Started by Alex")
    page.goto(f"{connected_apps}xero/resync/")
    page.locator(".run-line").first.click()
    album.take(page, "resync-proof", most_height=1060)

    learner, invoice = _interesting_learner(running.simulator_url)
    page.goto(f"{running.url}/learners/?q={learner}")
    row = page.locator("#learner-table").get_by_role("row").filter(has_text=learner)
    row.get_by_role("link").first.click()
    page.get_by_role("link", name="Xero Invoices").click()
    _pay_half(running.simulator_url, invoice)
    row = page.get_by_role("row").filter(has_text=invoice["number"])
    expect(row.first).to_contain_text(re.compile("Part paid"), timeout=60_000)
    page.reload()
    album.take(page, "learner-invoices", most_height=1000)
    album.take(page, "phone", most_height=PHONE[1], width=PHONE[0])
    page.set_viewport_size({"width": WIDTH, "height": 900})
    profile = page.url.partition("?")[0].removesuffix("xero-invoices/")
    tour_pictures.of_history(page, invoice["number"], album)

    page.goto(connected_apps)
    album.take(page, "connected-apps-after", most_height=860)
    page.goto(f"{running.simulator_url}/?q={learner}")
    album.take(page, "simulator", most_height=780)

    tour_pictures.of_admin(page, running.url, album)
    tour_pictures.of_learner(page, running.url, running.plan.directory / "mail", profile, album)
    page.context.clear_cookies()
    _sign_in(page, running, "accounts")
    page.goto(f"{running.url}/reports/0442/")
    album.take(page, "report-0442", most_height=900)
    tour_pictures.of_accounts(page, running.url, album)


def _sign_in(page: Page, running: stack.Stack, user: str) -> None:
    page.goto(f"{running.url}/sign-in/")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(smoke_steps.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{running.url}/")


def _expect_done(page: Page, who: str) -> None:
    run = page.get_by_role("article").filter(has_text=who).first
    line = run.locator(".run-line")
    expect(line.locator(".status")).to_have_text("Complete", timeout=60_000)


def _interesting_learner(simulator_url: str) -> tuple[str, dict[str, Any]]:
    """Return the number of a learner with most kinds of documents, and an unpaid invoice.

    In one currency, and few enough documents for one picture.
    """
    all_books = requests.get(f"{simulator_url}/simulator/books", timeout=30).json()
    numbers = {row["contact_id"]: row["number"] for row in all_books["contacts"]}
    documents: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in all_books["documents"]:
        number = numbers[row["contact_id"]] or ""
        if row["type"] in books.KINDS and re.fullmatch(r"L\d{6}", number):
            documents[number].append(row)

    def interest(rows: list[dict[str, Any]]) -> tuple[bool, bool, bool, int, int]:
        kinds = Counter(row["type"] for row in rows)
        fits, plain = len(rows) <= 9, len({row["currency"] for row in rows}) == 1
        return bool(_unpaid(rows)), fits, plain, len(kinds), len(rows)

    best = max(documents, key=lambda number: interest(documents[number]))
    return best, _unpaid(documents[best])[-1]


def _unpaid(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if row["type"] == "ACCREC"
        and row["status"] == "AUTHORISED"
        and row["amount_due"] == row["total"]
    ]


def _pay_half(simulator_url: str, invoice: dict[str, Any]) -> None:
    half = f"{Decimal(invoice['amount_due']) / 2:.2f}"
    answer = requests.post(
        f"{simulator_url}/simulator/documents",
        json={"act": "pay", "id": invoice["xero_id"], "amount": half},
        timeout=30,
    )
    answer.raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
