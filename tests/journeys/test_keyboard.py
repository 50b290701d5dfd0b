"""Everything by keyboard alone, with the focus in sight all the way."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage


def test_connect_resync_and_disconnect_by_keyboard(stage: Stage) -> None:
    admin = stage.visitor()
    page, press = admin.page, admin.page.keyboard.press

    admin.open_connected_apps()
    press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press("Enter")
    admin.tab_to(page.get_by_role("button", name="Connect to Xero"))
    press("Enter")
    admin.expect_elsewhere(stage.xero.url)
    admin.tab_to(page.get_by_role("button", name="Priya Nair"))
    press("Space")
    page.get_by_label(stage.home.name, exact=True).focus()  # Sixty choices are many arrow keys.
    press("Space")
    admin.tab_to(page.get_by_role("button", name="Allow access"))
    press("Enter")
    admin.expect_message(f"Connected to {stage.home.name}")

    more = page.locator("#xero-menu > summary")
    admin.tab_to(more)
    press("Enter")
    admin.tab_to(page.locator("#xero-resyncs"))
    press("Enter")
    admin.expect_heading("Re-sync from Xero")
    stage.expect_verified(admin, "Started by itself")
    # The focus is in the list of runs by now, which stands below the button.
    admin.open(RESYNC)
    admin.tab_to(page.get_by_role("button", name="Start re-sync"))
    press("Space")
    stage.expect_verified(admin, "Started by Alex")

    admin.open_connected_apps()
    admin.tab_to(more)
    press("Enter")
    admin.tab_to(page.get_by_role("link", name="Disconnect from Xero"))
    press("Enter")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    press("Enter")
    admin.expect_connected()
    admin.tab_to(more)
    press("Enter")
    admin.tab_to(page.get_by_role("link", name="Disconnect from Xero"))
    press("Enter")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    press("Tab")
    expect(page.get_by_role("button", name=f"Disconnect {stage.home.name}")).to_be_focused()
    press("Space")
    admin.expect_message("is disconnected")


def test_bell_and_account_open_and_give_the_focus_back_on_escape(stage: Stage) -> None:
    admin = stage.visitor()
    press = admin.page.keyboard.press

    for place in ("#bell", "details.account"):
        summary = admin.page.locator(f"{place} > summary")
        admin.open("/")
        admin.tab_to(summary)
        press("Enter")
        expect(admin.page.locator(f"{place} .pop-body")).to_be_visible()
        # Nothing under the bell takes the focus where there is no news, and leaving it closes it.
        if place != "#bell":
            press("Tab")
        press("Escape")
        expect(admin.page.locator(f"{place} .pop-body")).to_be_hidden()
        expect(summary).to_be_focused()


def test_the_focus_stays_while_the_page_renews_itself(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(stage.invoices_of(invoice["learner_number"]))
    view = admin.row_of(invoice["number"]).get_by_role("link", name=re.compile("^View Invoice"))
    view.focus()

    stage.xero.pay(stage.home, invoice)
    expect(admin.row_of(invoice["number"])).to_contain_text("Paid")
    expect(view).to_be_focused()

    admin.open(RESYNC)
    stage.expect_verified(admin, "Started by itself")
    log = admin.page.locator("details.run-log > summary").first
    log.focus()
    admin.page.keyboard.press("Enter")
    with admin.page.expect_response(re.compile("/progress/")):
        pass
    expect(log).to_be_focused()
    expect(admin.page.locator("details.run-log ol").first).to_be_visible()
