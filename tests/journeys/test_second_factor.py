"""A portal demands a second factor, and its portal admin sets one up by keyboard."""

import pyotp
from playwright.sync_api import expect

from tests.journeys import portals
from tests.journeys.stage import Stage
from tests.support import second_factors


def test_admin_sets_up_a_second_factor_by_keyboard_and_signs_in_with_it(stage: Stage) -> None:
    admin = stage.visitor()
    page = admin.page
    admin.open("/settings/edit/")
    page.get_by_label("Portal admins and accounts people need a second factor").check()
    admin.press("Save details")

    admin.expect_heading("Second factor")
    admin.open("/learners/")
    admin.expect_heading("Second factor")
    admin.inspect("second-factor-demanded")
    admin.tab_to(page.get_by_role("button", name="Set up an app"))
    page.keyboard.press("Enter")
    key = page.locator(".code-line")
    expect(key).to_be_visible()
    admin.inspect("second-factor-key")
    app = pyotp.TOTP(second_factors.key_on(page.content()))
    admin.tab_to(page.get_by_role("textbox", name="Code"))
    page.keyboard.type("000000")
    admin.tab_to(page.get_by_label("Password", exact=True))
    page.keyboard.type(portals.PASSWORD)
    with admin.allowing(422):
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The password or the code is wrong.")
    admin.inspect("second-factor-wrong")
    admin.tab_to(page.get_by_role("textbox", name="Code"))
    page.keyboard.type(app.now())
    admin.tab_to(page.get_by_label("Password", exact=True))
    page.keyboard.type(portals.PASSWORD)
    page.keyboard.press("Enter")

    admin.expect_heading("Recovery codes")
    admin.inspect("recovery-codes")
    codes = second_factors.recovery_codes_on(page.content())
    admin.tab_to(page.get_by_role("link", name="I have kept them"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{admin.url}/")
    admin.open("/account/second-factor/")
    expect(page.get_by_role("main")).to_contain_text("Recovery codes left: 10.")
    admin.inspect("second-factor-on")

    page.locator("details.account > summary").click()
    admin.press("Sign out")
    page.get_by_label("User name").fill(f"admin-{stage.slug}")
    page.get_by_label("Password").fill(portals.PASSWORD)
    page.keyboard.press("Enter")
    admin.expect_heading("Enter your code")
    admin.inspect("sign-in-code")
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    admin.expect_message("You used a recovery code. Codes left: 9.")
