"""Parts of a page renew themselves, and what a person opened, closed or stands on stays so."""

import re
from collections import Counter
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.stage import RESYNC, Stage

FRESHNESS = "/settings/connected-apps/xero/freshness/"


def renew_freshness(page: Page) -> None:
    """Let the line of freshness be swapped now, as happens whenever it says something else."""
    page.evaluate(
        "address => htmx.ajax('GET', address, {target: '#freshness', swap: 'outerHTML'})", FRESHNESS
    )


def unpaid_of_many(stage: Stage) -> dict[str, Any]:
    """Return an unpaid invoice of the learner with most documents, so that a balance is drawn."""
    sales = stage.xero.sales(stage.home)
    count = Counter(row["learner_number"] for row in sales)
    unpaid = [
        row
        for row in sales
        if row["status"] == "AUTHORISED"
        and row["type"] == "ACCREC"
        and row["amount_due"] == row["total"]
        and row["learner_number"] in stage.learner_ids
    ]
    return max(unpaid, key=lambda row: count[row["learner_number"]])


def test_what_is_open_stays_open_and_what_is_closed_stays_closed(stage: Stage) -> None:
    invoice = unpaid_of_many(stage)
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(RESYNC)
    stage.expect_verified(admin, "Started by itself")
    admin.open(stage.invoices_of(invoice["learner_number"]))
    months = admin.page.locator("details.chart-table").first
    summary = months.locator("summary")
    admin.tab_to(summary)
    admin.page.keyboard.press("Enter")

    stage.xero.pay(stage.home, invoice)
    expect(admin.row_of(invoice["number"])).to_contain_text("Paid")
    expect(months).to_have_attribute("open", "")
    expect(summary).to_be_focused()

    # While the rows are paused another part is swapped.
    admin.press("Pause updates")
    summary.press("Enter")
    renew_freshness(admin.page)
    expect(months).not_to_have_attribute("open", re.compile(""))


def test_the_focus_and_what_is_open_outlast_the_end_of_the_first_sync(stage: Stage) -> None:
    where = {"path": "/api.xro/2.0/CreditNotes", "tenant": stage.home.tenant_id}
    stage.xero.do("faults", match=where, times=-1, answer={"named": "maintenance"})
    admin = stage.visitor()
    page = admin.page
    stage.connect(admin)
    admin.open(stage.invoices_of(stage.unpaid_invoice()["learner_number"]))
    way = page.locator("#freshness").get_by_role("link", name="Open Connected Apps")
    admin.tab_to(way)
    renew_freshness(page)
    expect(way).to_be_focused()

    admin.open_connected_apps()
    summary = page.locator("#xero-details > summary")
    admin.tab_to(summary)
    page.keyboard.press("Enter")
    page.locator("#xero-card").evaluate("one => { one.dataset.isOld = 'yes' }")
    stage.xero.heal()

    expect(page.locator("#xero-card[data-is-old]")).to_have_count(0)
    expect(page.locator("#xero-details")).to_have_attribute("open", "")
    expect(summary).to_be_focused()


def test_preset_counts_after_dates_were_typed_that_it_hides(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(RESYNC)
    stage.expect_verified(admin, "Started by itself")

    admin.choose_dates("2020-01-01", "2020-01-31")
    estimate = admin.page.locator("#estimate")
    expect(estimate).to_contain_text("Jan 2020")
    admin.page.get_by_role("radio", name="Everything").check()

    expect(estimate).to_contain_text("All days")
    expect(admin.page.get_by_label("From")).to_be_hidden()
    expect(admin.page.get_by_text("these dates count only where")).to_be_hidden()
    admin.press("Start re-sync")
    admin.expect_message("Re-sync of all days: complete.")
