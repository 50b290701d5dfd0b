"""The main job from end to end: connect, re-sync, look, pay, report."""

import csv
import io
import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.journeys.stage import Stage

NEVER_RELOADED = "() => window.neverReloaded === true"


def test_admin_connects_resyncs_and_watches_an_invoice_being_paid(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()

    admin.open_connected_apps()
    admin.expect_state("Not connected")
    admin.inspect("connected-apps-before")
    admin.press_connect()
    stage.xero.allow(admin.page, stage.home)
    admin.expect_message(f"Connected to {stage.home.name}")
    admin.expect_connected()

    # The first sweep fills the learner's page while it is open.
    admin.open(stage.invoices_of(invoice["learner_number"]))
    expect(admin.row_of(invoice["number"])).to_be_visible()
    admin.open_connected_apps()
    last_sweep = admin.page.locator("dt", has_text="Last regular check").locator("+ dd")
    expect(last_sweep).to_have_text(re.compile("today|yesterday"))
    admin.inspect("connected-apps-after")

    admin.open_resyncs()
    admin.expect_heading("Re-sync from Xero")
    stage.expect_verified(admin, "Started by itself")
    admin.choose_dates("2019-01-01")
    expect(admin.page.locator("#estimate")).to_contain_text("fits into today's limit")
    admin.inspect("resync-before")
    admin.press("Start re-sync")
    stage.expect_verified(admin, "Started by Alex")
    admin.inspect("resync-after")
    admin.open_connected_apps()
    admin.page.locator("#bell > summary").click()
    expect(admin.page.locator("#bell")).to_contain_text(re.compile("Re-sync of .* finished"))

    admin.open("/learners/")
    admin.page.get_by_label("Number, name or e-mail").fill(invoice["learner_number"])
    expect(admin.page.locator("#learner-table").get_by_role("row")).to_have_count(2)
    found = admin.page.locator("#learner-table").get_by_role("row")
    found.filter(has_text=invoice["learner_number"]).get_by_role("link").first.click()
    admin.follow("Xero Invoices")
    expect(admin.row_of(invoice["number"])).to_contain_text(
        re.compile("Awaiting payment|Overdue by")
    )
    admin.inspect("learner-invoices")
    admin.page.evaluate("window.neverReloaded = true")
    with admin.page.expect_popup() as opened:
        admin.row_of(invoice["number"]).get_by_role("link", name="View Invoice").click()
    online = opened.value
    expect(online.get_by_role("heading", level=1)).to_have_text(f"Invoice {invoice['number']}")
    online.get_by_role("button", name="Pay now").click()
    expect(online.get_by_text("Nothing is due")).to_be_visible()

    expect(admin.row_of(invoice["number"])).to_contain_text("Paid")
    assert admin.page.evaluate(NEVER_RELOADED)


def test_accounts_run_the_report_and_its_file_equals_the_books(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    documents = stage.xero.sales(stage.home)
    standing = sum(Decimal(row["total"]) for row in documents)
    accounts = stage.visitor("accounts")

    accounts.follow("Reports")
    accounts.inspect("reports")
    accounts.follow("#0442 Synced invoices")
    accounts.expect_heading("#0442 Synced invoices")
    accounts.follow("All dates")
    expect(accounts.page.get_by_text(f"{len(documents)} documents;")).to_be_visible()
    with accounts.page.expect_download() as loading:
        accounts.follow("CSV")

    accounts.page.get_by_text("More filters").click()
    accounts.page.get_by_label("Kind").select_option("Overpayments")
    accounts.press("Show")
    expect(accounts.page).to_have_url(re.compile("kind=OVERPAYMENT"))
    accounts.inspect("report-0442")

    rows = list(csv.DictReader(io.StringIO(loading.value.path().read_text("utf-8-sig"))))
    assert len(rows) == len(documents)
    assert sum(Decimal(row["Total"]) for row in rows) == standing
