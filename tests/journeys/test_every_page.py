"""Every other page: no serious finding of axe, nothing wider than the screen, no error unseen."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage


def test_pages_of_the_portal_are_sound(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()

    admin.open("/")
    admin.inspect("dashboard-empty")
    admin.open(stage.invoices_of(invoice["learner_number"]))
    expect(admin.page.get_by_role("heading", name="Xero is not connected")).to_be_visible()
    admin.inspect("learner-invoices-not-connected")
    stage.connect(admin)
    stage.resync_everything(admin)
    for path, name in (
        ("/", "dashboard"),
        ("/learners/", "learners"),
        ("/learners/?q=nobody-at-all", "learners-none"),
        ("/learners/new/", "learner-new"),
        (f"/learners/{stage.learner_ids[invoice['learner_number']]}/", "learner"),
        (
            f"/learners/{stage.learner_ids[invoice['learner_number']]}/personal-data/",
            "personal-data",
        ),
        ("/settings/", "settings"),
        ("/settings/people/", "people"),
        ("/settings/webhooks/", "webhooks"),
        ("/notices/", "notices"),
    ):
        admin.open(path)
        admin.inspect(name)

    admin.open(stage.invoices_of(invoice["learner_number"]))
    admin.row_of(invoice["number"]).get_by_role("rowheader").get_by_role("link").click()
    admin.expect_heading(re.compile(re.escape(invoice["number"])))
    admin.inspect("document")


def test_a_wrong_range_is_explained_at_the_field(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(RESYNC)

    with admin.allowing(422):
        admin.choose_dates("2026-03-31", "2026-03-01")
        admin.press("Start re-sync")
        expect(admin.page.get_by_role("alert").first).to_contain_text("The re-sync was not started")
        expect(admin.page.get_by_label("From")).to_have_value("2026-03-31")
        expect(admin.page.get_by_label("To")).to_have_value("2026-03-01")
        admin.inspect("resync-wrong-range")


def test_pages_of_the_pretend_xero_are_sound(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()
    admin.open_connected_apps()

    admin.press_connect()
    admin.expect_elsewhere(stage.xero.url)
    admin.inspect("xero-sign-in")
    admin.page.get_by_role("button", name="Tom Reid").click()
    expect(admin.page.get_by_role("button", name="Allow access")).to_be_visible()
    admin.inspect("xero-consent")
    admin.page.goto(f"{stage.xero.url}/?tenant={stage.home.tenant_id}&q={invoice['number']}")
    expect(admin.page.get_by_role("button", name=f"Void {invoice['number']}")).to_be_visible()
    admin.inspect("xero-by-hand")
    admin.page.get_by_role("link", name=invoice["number"]).click()
    admin.expect_heading(f"Invoice {invoice['number']}")
    admin.inspect("xero-online-invoice")


def test_signing_in_is_explained_when_it_fails(stage: Stage) -> None:
    somebody = stage.visitor(by_form=True)
    somebody.page.locator("details.account > summary").click()
    somebody.press("Sign out")
    expect(somebody.page.get_by_role("button", name="Sign in")).to_be_visible()
    somebody.inspect("sign-in")

    somebody.page.get_by_label("User name").fill("nobody")
    somebody.page.get_by_label("Password").fill("wrong")
    somebody.press("Sign in")

    expect(somebody.page.get_by_role("alert")).to_contain_text("do not match")
    somebody.inspect("sign-in-refused")
