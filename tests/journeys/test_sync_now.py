"""One learner read from Xero on a click, and those that did not arrive sent again: by keyboard."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage


def test_staff_read_a_learner_by_keyboard_and_hear_what_came(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)
    staff = stage.visitor("staff")
    staff.open("/learners/new/")
    staff.page.get_by_label("Given name").fill("Sylvie")
    staff.page.get_by_label("Family name").fill("Made-Up")
    staff.page.get_by_label("Learner number").fill("S000001")
    staff.page.get_by_role("switch", name="Sync to Xero").check()
    staff.press("Add learner")
    card = staff.page.get_by_role("region", name="Xero", exact=True)
    expect(card).to_contain_text(re.compile("In Xero.*As Sylvie Made-Up in .*, since"))
    books = stage.xero.show("books", tenant=stage.home.tenant_id)["contacts"]
    contact = next(one for one in books if one["number"] == "S000001")
    stage.xero.do(
        "documents",
        tenant=stage.home.tenant_id,
        act="raise",
        contact_id=contact["contact_id"],
        unit_amount="110.00",
    )
    staff.follow("Xero Invoices")
    heard = staff.page.locator("#xero-contact-said")

    staff.tab_to(staff.page.get_by_role("button", name="Sync now"))
    staff.page.keyboard.press("Enter")

    expect(card).to_contain_text(re.compile(r"Refreshed today at .*: 1 document, "))
    expect(staff.page.get_by_role("rowheader", name=re.compile("^INV-"))).to_be_visible()
    expect(heard).to_contain_text("1 document, ")
    # The focus stays where it was, although the card was changed.
    assert staff.page.evaluate("document.activeElement.id") == "sync-now"
    staff.inspect("sync-now")


def test_admin_sends_learners_again_by_keyboard_and_sees_the_proof(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.start_sending(admin)
    # Accounts have made a contact of that name by hand, so somebody has to say.
    stage.xero.do("contacts", tenant=stage.home.tenant_id, act="create", name="Tess Made-Up")
    admin.open("/learners/new/")
    admin.page.get_by_label("Given name").fill("Tess")
    admin.page.get_by_label("Family name").fill("Made-Up")
    admin.page.get_by_label("Learner number").fill("S000002")
    admin.page.get_by_role("switch", name="Sync to Xero").check()
    admin.press("Add learner")
    expect(admin.page.locator("#xero-contact")).to_contain_text("Waiting for an answer")

    admin.open(RESYNC)
    admin.page.get_by_text("Re-sync something else").click()
    documents = admin.page.get_by_role("radio", name=re.compile("^Documents Reads"))
    expect(documents).to_be_checked()
    admin.tab_to(documents)
    admin.page.keyboard.press("ArrowUp")
    expect(admin.page.get_by_role("radio", name="Learners that are not in Xero")).to_be_checked()
    expect(admin.page.locator("#estimate")).to_contain_text("changed between these days")
    admin.inspect("resync-preview-of-learners")
    admin.tab_to(admin.page.get_by_role("button", name="Start re-sync"))
    admin.page.keyboard.press("Enter")

    run = admin.page.get_by_role("article").filter(has_text="Learners changed").first
    expect(run.locator(".status").first).to_have_text("Needs a look")
    row = run.get_by_role("row").filter(has_text="S000002")
    expect(row).to_contain_text("Waiting for an answer")
    expect(run).to_contain_text(
        "0 of 1 learner is in Xero, as they are here; 1 waiting for an answer"
    )
    admin.inspect("resync-of-learners")
    row.get_by_role("link").click()
    admin.expect_heading("Tess Made-Up")
