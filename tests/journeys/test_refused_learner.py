"""A learner that Xero does not take: refused in the form, or told of under the bell."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import Stage


def test_staff_are_told_in_the_form_and_under_the_bell(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)
    tenant = stage.home.tenant_id
    there = stage.xero.do(
        "contacts", tenant=tenant, act="create", name="Nadia Old", number="W000007"
    )
    stage.xero.do("contacts", tenant=tenant, act="archive", id=there["id"])
    staff = stage.visitor("staff")

    staff.open("/learners/new/")
    staff.page.get_by_label("Given name").fill("Wren")
    staff.page.get_by_label("Family name").fill("Made-Up")
    staff.page.get_by_label("Learner number").fill("W\\7")
    staff.page.get_by_role("switch", name="Sync to Xero").check()
    with staff.allowing(422):
        staff.press("Add learner")
    number = staff.page.get_by_label("Learner number")
    expect(number).to_have_accessible_description(re.compile(r"Xero cannot take \\ in a number\."))
    expect(number).to_have_attribute("aria-invalid", "true")
    staff.inspect("learner-form-refused")

    number.fill("W000007")
    staff.press("Add learner")
    expect(staff.page.get_by_role("main")).to_contain_text("Refused by Xero")
    expect(staff.page.get_by_role("main")).to_contain_text(
        "Xero will not have an e-mail address, the state and the postcode of Wren Made-Up"
    )
    staff.inspect("learner-refused")
    staff.open("/notices/")
    notice = staff.page.get_by_role("main").get_by_text("W000007) could not be sent to Xero")
    expect(notice).to_contain_text("The archived contact Nadia Old has the number W000007")
    staff.inspect("notice-of-refusal")
