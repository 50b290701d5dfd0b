"""What an invoice said before it was paid, what Xero announced, and what changed of late."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage


def test_admin_sees_what_an_invoice_said_and_reads_again_what_changed(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    stage.xero.pay(stage.home, invoice)
    admin.open(stage.invoices_of(invoice["learner_number"]))
    expect(admin.row_of(invoice["number"])).to_contain_text("Paid")

    admin.row_of(invoice["number"]).get_by_role("rowheader").get_by_role("link").click()
    history = admin.page.get_by_role("region", name="History")
    expect(history).to_contain_text(re.compile("Status: .*Approved, not settled.*Paid or used up"))
    admin.inspect("document-with-history")
    history.get_by_role("link", name="What it said before").first.click()
    admin.expect_heading(re.compile("as it was$"))
    expect(admin.page.get_by_role("region", name="What it said")).to_contain_text(
        "Approved, not settled"
    )
    admin.page.get_by_text("As Xero sent it").click()
    admin.inspect("document-version")
    admin.follow("History")
    admin.page.get_by_label("What did it say on").fill("2001-01-01")
    admin.press("Show")
    expect(admin.page.locator("main")).to_contain_text("was not here yet")
    admin.inspect("document-history")

    admin.open(RESYNC)
    admin.page.get_by_text("Re-sync something else").click()
    admin.page.get_by_role("radio", name="Documents that changed in Xero").check()
    admin.page.get_by_label("Start time").fill("08:30")
    expect(admin.page.locator("#estimate")).to_contain_text("Xero tells only of the last change")
    admin.press("Start re-sync")
    run = admin.page.get_by_role("article").filter(has_text="What changed").first
    # Estimates and the first sync may have used up this minute's calls: then it waits for the next.
    expect(run.locator(".run-line .status")).to_have_text("Complete", timeout=120_000)
    admin.inspect("resync-of-what-changed")

    admin.open_connected_apps()
    admin.follow("Instant updates")
    expect(admin.page.get_by_role("img", name="Instant updates a day")).to_be_visible()
    admin.page.get_by_text("Day by day", exact=True).click()
    admin.inspect("instant-updates")
    admin.press("Fetch again")
    admin.expect_message("received in this time")
