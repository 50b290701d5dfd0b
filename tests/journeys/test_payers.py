"""An employer's invoices that name learners: answered by keyboard, seen on the learner's page."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import Stage


def test_staff_say_by_keyboard_whom_an_employers_invoices_cover(stage: Stage) -> None:
    first, second = sorted(stage.learner_ids)[:2]
    books = stage.xero.show("books", tenant=stage.home.tenant_id)
    employer = next(
        one for one in books["contacts"] if one["email"].endswith("@employer.example.com")
    )
    for lines in ((f"Term 1, {first}", f"Term 1, {second}"), (f"Term 2 for {first}",), ("Hall",)):
        stage.xero.do(
            "documents",
            tenant=stage.home.tenant_id,
            act="raise",
            contact_id=employer["contact_id"],
            lines=[{"description": each, "unit_amount": "550.00"} for each in lines],
        )
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    accounts = stage.visitor("accounts")
    page = accounts.page

    accounts.open("/reports/0442/?date_from=&date_to=")
    page.get_by_role("link", name=employer["name"]).first.click()
    accounts.expect_heading(re.compile(re.escape(employer["name"])))
    questions = page.get_by_role("region", name="Whom do these documents cover?")
    expect(questions.get_by_role("listitem")).to_have_count(3)
    accounts.inspect("contact")
    accounts.tab_to(questions.get_by_role("button", name=re.compile("^No")).first)
    page.keyboard.press("Enter")
    accounts.expect_message("does not cover")
    accounts.tab_to(questions.get_by_role("button", name="Yes to all 2 on this page"))
    page.keyboard.press("Enter")
    accounts.expect_message("Saved: 2 times that a document covers the learner it names.")
    expect(questions).to_have_count(0)
    accounts.tab_to(page.get_by_role("button", name=re.compile("^Take back")).first)
    page.keyboard.press("Enter")
    accounts.expect_message("Taken back")
    expect(questions.get_by_role("listitem")).to_have_count(1)
    accounts.inspect("contact-answered")

    staff = stage.visitor("staff")
    staff.open(stage.invoices_of(first))
    balance = staff.page.get_by_role("region", name="Balance", exact=True)
    before = balance.inner_text()
    offered = staff.page.get_by_role("region", name=re.compile("^Does it cover"))
    billed = staff.page.get_by_role("region", name="Billed to others")
    # Found behind the back of the page, which shows it by itself.
    if billed.count() == 0 or offered.count() == 0:
        expect(offered.or_(billed).first).to_be_visible()
    staff.inspect("learner-billed")
    if offered.count():
        staff.tab_to(offered.get_by_role("button", name=re.compile("^Yes")).first)
        staff.page.keyboard.press("Enter")
        staff.expect_message("It shows on the learner's page, outside the balance.")
    expect(billed).to_contain_text(employer["name"])
    assert balance.inner_text() == before
    staff.inspect("learner-billed-to-others")
    billed.get_by_role("link", name=employer["name"]).first.click()
    staff.expect_heading(re.compile(re.escape(employer["name"])))
