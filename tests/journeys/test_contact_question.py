"""A contact that accounts made by hand: asked about once the learner is saved, and answered."""

import re

from playwright.sync_api import expect

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
