"""Contacts of which somebody must say whether they are the learner, and the answers by keyboard."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.stage import Stage


def test_staff_answer_by_keyboard_whether_a_contact_is_the_learner(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)
    tenant = stage.home.tenant_id
    by_hand = stage.xero.do(
        "contacts", tenant=tenant, act="create", name="Wren Made-Up", email="wren@example.com"
    )
    stage.xero.do(
        "documents", tenant=tenant, act="raise", contact_id=by_hand["id"], unit_amount="110.00"
    )
    staff = stage.visitor("staff")

    staff.open("/learners/new/")
    staff.page.get_by_label("Given name").fill("Wren")
    staff.page.get_by_label("Family name").fill("Made-Up")
    staff.page.get_by_label("Learner number").fill("W000001")
    staff.page.get_by_role("switch", name="Sync to Xero").check()
    staff.press("Add learner")
    question = staff.page.get_by_role("region", name="Is this Wren Made-Up?")
    expect(question).to_contain_text("wren@example.com")
    staff.inspect("contact-question")

    staff.tab_to(question.get_by_role("button", name="Yes, this is Wren Made-Up"))
    staff.page.keyboard.press("Enter")

    staff.expect_message("Saved for the contact Wren Made-Up")
    expect(question).to_have_count(0)
    expect(staff.page.get_by_role("rowheader", name=re.compile("^INV-"))).to_be_visible()


def test_staff_answer_by_keyboard_whether_a_merge_in_xero_was_meant(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)
    tenant = stage.home.tenant_id
    staff = stage.visitor("staff")
    for given, number in (("Ben", "W000002"), ("Wren", "W000001")):
        staff.open("/learners/new/")
        staff.page.get_by_label("Given name").fill(given)
        staff.page.get_by_label("Family name").fill("Made-Up")
        staff.page.get_by_label("Learner number").fill(number)
        staff.page.get_by_role("switch", name="Sync to Xero").check()
        staff.press("Add learner")
        expect(staff.page.locator("#xero-contact [hx-get], #xero-contact[hx-get]")).to_have_count(0)
    ids = {
        one["number"]: one["contact_id"]
        for one in stage.xero.show("books", tenant=tenant)["contacts"]
    }

    stage.xero.do(
        "contacts", tenant=tenant, act="merge", loser=ids["W000001"], winner=ids["W000002"]
    )
    question = staff.page.get_by_role("region", name="Is this Wren Made-Up?")
    expect_after_reload(staff.page, question)
    expect(question).to_contain_text("belongs to another learner")
    staff.inspect("merge-question")

    staff.tab_to(question.get_by_role("button", name="No, somebody else"))
    staff.page.keyboard.press("Enter")

    staff.expect_message("this is not Wren Made-Up")
    expect(question).to_have_count(0)


def expect_after_reload(page: Page, wanted: Locator) -> None:
    """Load the page until Xero's webhook has brought what is wanted."""
    for _ in range(20):
        page.reload()
        if wanted.count():
            return
        page.wait_for_timeout(500)
    expect(wanted).to_be_visible()
