"""A portal that has just connected: what would happen is looked at, and then a person starts it."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import START, Stage

WHICH = "/settings/connected-apps/xero/contacts/which/"


def test_admin_looks_at_the_dry_run_by_keyboard_and_starts_it(stage: Stage) -> None:
    tenant = stage.home.tenant_id
    before = stage.xero.show("books", tenant=tenant)["contacts"]
    number = next(one for one in stage.learner_ids if one.startswith("L"))
    theirs = next(one for one in before if one["number"] == number)
    stage.xero.do(
        "contacts",
        tenant=tenant,
        act="update",
        id=theirs["contact_id"],
        name="Ravi Stranger",
        given_name="Ravi",
        family_name="Stranger",
        email="ravi@example.com",
    )
    before = stage.xero.show("books", tenant=tenant)["contacts"]
    admin = stage.visitor()
    stage.connect(admin)

    check = admin.page.get_by_role("link", name="Check learners against Xero")
    expect(admin.page.locator("#xero-live")).to_contain_text("Until then nothing is sent.")
    admin.inspect("connected-apps-unstarted")
    admin.tab_to(check)
    admin.page.keyboard.press("Enter")
    admin.expect_heading("Send learners to Xero")
    # It shows by itself once all contacts are read.
    asked = admin.page.get_by_role("region", name=re.compile("^You would be asked: 1$"))
    expect(asked).to_contain_text("Ravi Stranger")
    admin.inspect("dry-run")
    assert stage.xero.show("books", tenant=tenant)["contacts"] == before

    admin.tab_to(admin.page.get_by_role("button", name="Start sending learners"))
    admin.page.keyboard.press("Enter")

    admin.expect_message("Started.")
    expect(admin.page.get_by_role("main")).to_contain_text("Alex Ironbark started it")
    admin.inspect("sending-started")
    admin.open(stage.invoices_of(number))
    expect(admin.page.get_by_role("region", name=re.compile("^Is this "))).to_be_visible()
    after = stage.xero.show("books", tenant=tenant)["contacts"]
    assert [one["name"] for one in after if one["number"] == number] == ["Ravi Stranger"]
    admin.open_connected_apps()
    expect(check).to_have_count(0)


def test_admin_chooses_who_is_sent_after_a_preview(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)

    admin.open(START)
    admin.follow("Which learners are sent")
    admin.expect_heading("Which learners are sent to Xero")
    admin.page.get_by_label(re.compile("^All learners")).check()
    admin.press("Preview")
    expect(admin.page.get_by_text("New learners start ticked, whether")).to_be_visible()
    admin.inspect("which-learners-preview")
    admin.page.get_by_label(re.compile("new learners start ticked$")).check()
    admin.press("Save")

    admin.expect_message("Saved: from now on new learners start ticked.")
    admin.open("/learners/new/")
    expect(admin.page.get_by_role("switch", name="Sync to Xero")).to_be_checked()


def test_admin_without_script_starts_it_too(stage: Stage) -> None:
    admin = stage.visitor(script=False)
    stage.connect(admin)

    admin.open(START)
    start = admin.page.get_by_role("button", name="Start sending learners")
    for _ in range(60):
        if start.count():
            break
        admin.page.wait_for_timeout(500)
        admin.page.reload()
    start.click()

    admin.expect_message("Started.")
    admin.page.goto(f"{admin.url}{WHICH}")
    admin.expect_heading("Which learners are sent to Xero")
