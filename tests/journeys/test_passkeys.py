"""A passkey, added and used by keyboard, with an authenticator that Chromium pretends to have."""

import re
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.journeys import portals
from tests.journeys.stage import Stage
from tests.journeys.visitor import Visitor
from tests.support import second_factors

PAGE = "/account/second-factor/"
ADD = f"{PAGE}passkeys/add/"
# What browsers of 2024 and before do not have.
_OLDER = """for (const one of ["parseRequestOptionsFromJSON", "parseCreationOptionsFromJSON"])
  delete PublicKeyCredential[one];"""
_WITHOUT = "delete window.PublicKeyCredential;"


class Device:
    """The authenticator of a page, which needs no finger."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def passkeys(self) -> list[dict[str, Any]]:
        """Return what it keeps."""
        kept: list[dict[str, Any]] = self._cdp.send("WebAuthn.getCredentials", self._id)[
            "credentials"
        ]
        return kept

    def lose(self) -> None:
        """Forget every passkey."""
        self._cdp.send("WebAuthn.clearCredentials", self._id)

    def find(self, passkeys: list[dict[str, Any]]) -> None:
        """Have them again."""
        for one in passkeys:
            self._cdp.send("WebAuthn.addCredential", {**self._id, "credential": one})


def add(came: Visitor, name: str, *, code: str = "", look: bool = False) -> None:
    """Add a passkey by keyboard, from the page that offers it."""
    page = came.page
    came.open(PAGE)
    came.tab_to(page.get_by_role("link", name="Add a passkey"))
    page.keyboard.press("Enter")
    came.expect_heading("Add a passkey")
    if look:
        came.inspect("passkey-add")
    came.tab_to(page.get_by_label("Name"))
    page.keyboard.type(name)
    came.tab_to(page.get_by_label("Password", exact=True))
    page.keyboard.type(portals.PASSWORD)
    if code:
        came.tab_to(page.get_by_label("Recovery code"))
        page.keyboard.type(code)
    page.keyboard.press("Enter")
    came.expect_heading("Make the passkey")
    make = page.get_by_role("button", name="Make the passkey")
    expect(make).to_be_focused()
    if look:
        came.inspect("passkey-make")
        make.focus()
    page.keyboard.press("Enter")


def begin_to_sign_in(stage: Stage, came: Visitor) -> None:
    """Sign out and enter the password."""
    came.open("/")
    came.page.locator("details.account > summary").click()
    came.press("Sign out")
    came.page.get_by_label("User name").fill(f"admin-{stage.slug}")
    came.page.get_by_label("Password").fill(portals.PASSWORD)
    came.page.keyboard.press("Enter")
    came.expect_heading(re.compile("^Use a passkey"))


def test_admin_adds_a_passkey_by_keyboard_and_signs_in_with_it(stage: Stage) -> None:
    admin = stage.visitor()
    page = admin.page
    device = Device(page)
    admin.open(PAGE)
    admin.inspect("second-factor-off")

    add(admin, "this laptop", look=True)

    admin.expect_heading("Recovery codes")
    codes = second_factors.recovery_codes_on(page.content())
    assert len(codes) == 10
    admin.open(PAGE)
    expect(page.get_by_role("main")).to_contain_text("Signing in takes your password and a passkey")
    expect(admin.row_of("this laptop")).to_contain_text("Never")
    admin.inspect("second-factor-passkey")

    begin_to_sign_in(stage, admin)
    button = page.get_by_role("button", name="Use a passkey")
    expect(button).to_be_focused()
    admin.inspect("sign-in-passkey")
    kept = device.passkeys()
    device.lose()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("No passkey was used")
    admin.inspect("sign-in-passkey-not-there")
    device.find(kept)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{admin.url}/")

    admin.open(PAGE)
    expect(admin.row_of("this laptop")).not_to_contain_text("Never")
    use = page.get_by_role("button", name="Use a passkey in place of a code")
    admin.tab_to(page.get_by_label("Password", exact=True))
    page.keyboard.type(portals.PASSWORD)
    admin.tab_to(use)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="was read")).to_be_visible()
    expect(page.get_by_role("button", name="Make new recovery codes")).to_be_focused()
    admin.inspect("second-factor-passkey-read")
    page.keyboard.press("Enter")
    admin.expect_heading("Recovery codes")
    page.wait_for_load_state()

    admin.open(PAGE)
    admin.tab_to(page.get_by_role("link", name="Remove this laptop"))
    page.keyboard.press("Enter")
    admin.expect_heading("Remove the passkey this laptop")
    admin.inspect("passkey-remove")


def test_passkeys_work_in_older_browsers_and_those_without_are_told(stage: Stage) -> None:
    admin = stage.visitor()
    page = admin.page
    Device(page)
    page.add_init_script(_OLDER)

    add(admin, "this laptop")
    admin.expect_heading("Recovery codes")
    codes = second_factors.recovery_codes_on(page.content())
    add(admin, "the same again", code=codes[0])
    expect(page.get_by_role("status").filter(has_text="has a passkey")).to_be_visible()
    begin_to_sign_in(stage, admin)
    admin.press("Use a passkey")
    page.wait_for_url(f"{admin.url}/")

    page.add_init_script(_WITHOUT)
    begin_to_sign_in(stage, admin)
    expect(page.get_by_role("status")).to_contain_text("This browser knows no passkeys.")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    admin.inspect("sign-in-no-passkeys")
    page.get_by_label("Recovery code").fill(codes[1])
    page.keyboard.press("Enter")
    admin.expect_message("You used a recovery code. Codes left: 8.")

    without = stage.visitor("admin", script=False)
    begin_to_sign_in(stage, without)
    expect(without.page.get_by_role("main")).to_contain_text("A passkey needs script")
    expect(without.page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    without.page.get_by_label("Recovery code").fill(codes[2])
    without.press("Sign in with a code")
    without.expect_message("You used a recovery code. Codes left: 7.")
