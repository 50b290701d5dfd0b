"""The four pages where most is done: on paper, in forced colours, and with the focus in sight."""

import re

from playwright.sync_api import expect

from tests.journeys import every_way, inspection
from tests.journeys.stage import Stage

PHONE = inspection.NARROW


def test_four_pages_are_right_on_paper_in_forced_colours_and_by_tab(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    admin.open("/settings/webhooks/")
    admin.page.get_by_label("Name").fill("Enrolments")
    admin.page.get_by_label("Address").fill("https://hooks.example.com/lrm")
    admin.press("Make the endpoint")
    admin.press("Send a test")
    admin.expect_message("A test is on its way")
    endpoint = admin.page.url.removeprefix(admin.url)
    faults: list[str] = []

    learner = stage.invoices_of(invoice["learner_number"])
    admin.open(learner)
    # A learner's first sheet has the picture of the balance too; some have many documents.
    rows = admin.page.locator(".document-row").count()
    for path, sheets in (
        (learner, 2 + rows // 15),
        ("/reports/0442/?date_from=&date_to=", 8),
        ("/settings/connected-apps/", 2),
        (endpoint, 2),
    ):
        admin.open(path)
        admin.page.wait_for_load_state()
        faults += [
            f"{path}: {one}"
            for one in (
                *every_way.faults_on_paper(admin.page),
                *every_way.faults_in_forced_colours(admin.page),
                *every_way.faults_of_focus(admin.page),
            )
        ]
        if (count := every_way.pages_on_paper(admin.page)) > sheets:
            faults.append(f"{path}: {count} sheets of paper")

    assert not faults, "\n".join(faults)


def test_focus_comes_back_from_whatever_opens(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)

    for path, place, size in (
        ("/settings/connected-apps/", "#xero-menu", inspection.WIDE),
        ("/settings/connected-apps/", "#bell", PHONE),
        ("/settings/connected-apps/", "details.account", PHONE),
        ("/settings/connected-apps/", "details.menu", PHONE),
        ("/settings/connected-apps/", "details.sub-menu", PHONE),
    ):
        admin.page.set_viewport_size(size)
        admin.open(path)
        summary = admin.page.locator(f"{place} > summary")
        admin.tab_to(summary)
        admin.page.keyboard.press("Enter")
        expect(admin.page.locator(place)).to_have_attribute("open", "")
        admin.page.keyboard.press("Tab")
        admin.page.keyboard.press("Escape")
        expect(admin.page.locator(place)).not_to_have_attribute("open", re.compile(""))
        expect(summary).to_be_focused()
