"""Settings > Webhooks at a keyboard: an endpoint made, narrowed, tried and deleted."""

import re

from playwright.sync_api import expect

from tests.journeys.stage import Stage

LONG_NAME = "Enrolment system of the northern campus"
ADDRESS = "https://hooks.example.com/lrm/enrolments?campus=north-" + "x" * 120


def test_endpoint_is_made_narrowed_and_deleted_by_keyboard(stage: Stage) -> None:
    admin = stage.visitor()
    page, press = admin.page, admin.page.keyboard.press
    admin.open("/settings/webhooks/")

    admin.tab_to(page.get_by_label("Name"))
    page.keyboard.type(LONG_NAME)
    admin.tab_to(page.get_by_label("Address"))
    page.keyboard.type(ADDRESS)
    admin.tab_to(page.get_by_role("button", name="Make the endpoint"))
    press("Enter")
    admin.expect_heading(LONG_NAME)
    expect(page.get_by_label("By which the program knows")).to_be_focused()
    expect(page.get_by_label("By which the program knows")).to_have_value(re.compile("^whsec_"))
    admin.inspect("webhook-new")

    boxes = page.get_by_role("group", name="Types of message").get_by_role("checkbox")
    count = boxes.count()
    assert count >= 3
    for number in range(count):
        expect(boxes.nth(number)).to_be_checked()
        admin.tab_to(boxes.nth(number))
        press("Space")
    with admin.allowing(422):
        admin.tab_to(page.get_by_role("button", name="Save"))
        press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("Choose at least one")
        expect(page.get_by_role("alert")).to_be_focused()
        admin.inspect("webhook-refused")
    admin.tab_to(page.get_by_role("alert").get_by_role("link", name="Messages"))
    press("Enter")
    expect(page.locator(":target")).to_have_count(1)
    admin.tab_to(boxes.first)
    press("Space")
    admin.tab_to(page.get_by_role("button", name="Save"))
    press("Enter")
    admin.expect_message(f"Saved which messages {LONG_NAME} gets.")
    assert [boxes.nth(number).is_checked() for number in range(count)] == [True] + [False] * (
        count - 1
    )

    admin.tab_to(page.get_by_role("button", name="Send a test"))
    press("Enter")
    admin.expect_message("A test is on its way")
    expect(page.get_by_role("row", name=re.compile("A test, sent by a person"))).to_be_visible()
    admin.inspect("webhook-log")

    admin.tab_to(page.get_by_label("With its secret and log, for good"))
    press("Space")
    admin.tab_to(page.get_by_role("button", name=f"Delete {LONG_NAME}"))
    press("Enter")
    admin.expect_heading("Webhooks")
    admin.expect_message("are deleted")
    admin.inspect("webhooks-none")
