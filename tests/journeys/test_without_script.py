"""The same without JavaScript: only slower to follow, because a person reloads."""

import re
import time

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, SECONDS, Stage
from tests.journeys.visitor import Visitor


def test_connect_resync_and_disconnect_without_script(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor(script=False, by_form=True)

    stage.connect(admin)
    admin.expect_connected()
    admin.open(RESYNC)
    _reload_until(admin, r"by itself[\s\S]*Complete")
    admin.choose_dates("2019-01-01")
    admin.press("Start re-sync")
    admin.expect_message("Re-sync started")
    _reload_until(admin, r"Alex Ironbark[\s\S]*Complete[\s\S]*by itself")
    # Bell and log are read one after the other, and the run may have ended in between.
    admin.page.reload()
    admin.page.locator("#bell > summary").click()
    expect(admin.page.locator("#bell")).to_contain_text("Re-sync of")

    admin.open(f"/learners/?q={invoice['learner_number']}")
    admin.page.get_by_role("rowheader").get_by_role("link").click()
    admin.follow("Xero Invoices")
    expect(admin.row_of(invoice["number"])).to_be_visible()
    expect(admin.page.get_by_role("button", name="Pause updates")).to_be_hidden()

    admin.open_connected_apps()
    admin.open_xero_menu()
    admin.follow("Disconnect from Xero")
    admin.press(f"Disconnect {stage.home.name}")
    admin.expect_message("is disconnected")
    admin.expect_state("Disconnected here")


def _reload_until(admin: Visitor, words: str) -> None:
    """Reload as a person would until the page says so."""
    gives_up_at = time.monotonic() + SECONDS
    while not re.search(words, admin.page.locator("main").inner_text()):
        assert time.monotonic() < gives_up_at, f"{admin.page.url} never says {words}"
        admin.page.wait_for_timeout(250)  # A person's pause; no script runs that could tell.
        admin.page.reload()
