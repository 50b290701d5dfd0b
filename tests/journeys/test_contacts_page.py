"""The contacts page by keyboard: a question is answered and undone, a refusal resolved."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.stage import Stage
from tests.journeys.visitor import Visitor

CONTACTS = "/settings/connected-apps/xero/contacts/"
WREN = "Wren Made-Up (W000001)"


def wait_for(came: Visitor, target: Locator) -> None:
    """Look again until workers have done their part."""
    for _ in range(40):
        if target.count():
            return
        came.page.wait_for_timeout(500)
        came.page.reload()


def test_admin_answers_undoes_and_resolves_a_refusal_by_keyboard(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    tenant = stage.home.tenant_id
    stranger = stage.xero.do(
        "contacts",
        tenant=tenant,
        act="create",
        name="Ravi Ito",
        number="W000001",
        email="ravi@example.com",
    )
    stage.xero.do(
        "documents", tenant=tenant, act="raise", contact_id=stranger["id"], unit_amount="110.00"
    )
    admin.open("/learners/new/")
    admin.page.get_by_label("Given name").fill("Wren")
    admin.page.get_by_label("Family name").fill("Made-Up")
    admin.page.get_by_label("Learner number").fill("W000001")
    admin.press("Add learner")
    question = admin.page.get_by_role("region", name="Is this Wren Made-Up?")
    wait_for(admin, question)

    admin.open_connected_apps()
    admin.open_xero_menu()
    admin.page.get_by_role("link", name=re.compile(r"^Contacts \(\d+ questions?\b")).click()
    admin.expect_heading("Contacts in Xero")
    row = admin.page.get_by_role("listitem").filter(has_text=WREN)
    expect(row).to_contain_text("differs")
    admin.inspect("contacts-questions")
    admin.tab_to(row.get_by_role("button", name="Yes, same person"))
    admin.page.keyboard.press("Enter")
    admin.expect_message("1 linked.")
    expect(row).to_have_count(0)
    admin.inspect("contacts-questions-answered")

    admin.tab_to(admin.page.get_by_role("button", name="Undo", exact=True))
    admin.page.keyboard.press("Enter")
    admin.expect_message("1 put back as it was.")
    expect(row).to_be_visible()

    admin.tab_to(row.get_by_role("button", name="No, somebody else"))
    admin.page.keyboard.press("Enter")
    admin.expect_message("1 answered with no.")
    stage.start_sending(admin)
    admin.open(f"{CONTACTS}?tab=left-out")
    left_out = admin.page.get_by_role("listitem").filter(has_text=WREN)
    admin.tab_to(left_out.get_by_role("link", name="Edit"))
    admin.page.keyboard.press("Enter")
    admin.page.get_by_role("switch", name="Sync to Xero").check()
    admin.press("Save changes")
    admin.open(f"{CONTACTS}?tab=refused")
    refused = admin.page.get_by_role("listitem").filter(has_text=WREN)
    wait_for(admin, refused)
    expect(refused).to_contain_text("taken by somebody else")
    admin.inspect("contacts-refused")
    admin.tab_to(refused.get_by_role("link", name="Edit"))
    admin.page.keyboard.press("Enter")
    admin.page.get_by_label("Learner number").fill("W000002")
    admin.press("Save changes")

    admin.open(f"{CONTACTS}?tab=refused")
    expect(refused).to_have_count(0)
    for tab in ("linked", "without-contact", "no-learner", "left-out"):
        admin.open(f"{CONTACTS}?tab={tab}")
        admin.inspect(f"contacts-{tab}")


def test_everything_is_sound_on_the_pages_around(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    expect(admin.page.get_by_role("link", name="belong to no learner").first).to_be_visible()
    admin.page.get_by_role("link", name="belong to no learner").first.click()
    expect(admin.page.get_by_role("link", name="Documents but no learner")).to_have_attribute(
        "aria-current", "page"
    )

    admin.page.get_by_role("link", name="Find its learner").first.click()
    admin.inspect("contacts-find-none")
    number = next(iter(stage.learner_ids))
    admin.page.get_by_label("Learner's number, name or e-mail").fill(number)
    admin.press("Search")
    admin.inspect("contacts-find")
    admin.page.get_by_role("button", name="Link this learner").first.click()
    admin.expect_message("is linked with")
    admin.follow("Who did what")
    expect(admin.page.locator("main")).to_contain_text("Linked by Alex Ironbark")
    admin.inspect("contacts-history")

    admin.open(f"{CONTACTS}?tab=linked")
    admin.page.get_by_role("link", name="History").first.click()
    expect(admin.page.locator(".history").first).to_contain_text("Linked by Alex Ironbark")
    admin.inspect("contacts-linked-history")
    admin.page.get_by_label("that match, not only the checked ones").check()
    admin.page.get_by_role("button", name="Unlink for the checked rows").click()
    admin.expect_heading(re.compile("^Unlink: all "))
    admin.inspect("contacts-confirm")


def test_page_works_without_script(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)
    stage.resync_everything(admin)
    plain = stage.visitor(script=False)

    plain.open(f"{CONTACTS}?tab=linked")
    first = plain.page.locator("li.pair").first
    name = first.get_by_role("heading").inner_text()
    first.get_by_role("button", name="Unlink").click()
    plain.expect_message("1 unlinked.")
    plain.press("Undo")
    plain.expect_message("1 put back as it was.")
    plain.page.get_by_label("Number, name or e-mail, here or in Xero").fill(name)
    plain.press("Search")
    plain.page.get_by_role("link", name="History").first.click()
    expect(plain.page.locator("main")).to_contain_text("Answer taken back by Alex Ironbark")
