"""The life of a connection in a real browser, against the running product.

Set JOURNEY_PICTURES to a folder to keep a picture of every page that is checked.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from lrm.demo import stack
from tests.live import live_stack

__all__ = ["live_stack"]

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = "/settings/connected-apps/"
BOTH = "Priya"  # The Xero user who has more than one organisation.


class Journey:
    """The demo's admin in a browser, and what they meet."""

    def __init__(self, page: Page, running: stack.Stack) -> None:
        self.page = page
        self.running = running
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, name: str = "admin") -> None:
        """Sign in to the LRM."""
        self.page.goto(f"{self.running.url}/sign-in/")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.running.url}/")

    def open(self) -> None:
        """Open Connected Apps."""
        self.page.goto(f"{self.running.url}{SETTINGS}")

    def consent(self, *, organisation: int = 0, allow: bool = True) -> None:
        """Press the button that leads to Xero and answer there."""
        self.page.get_by_role("button", name=re.compile("(Connect|Reconnect) to Xero")).click()
        self.answer_in_xero(organisation=organisation, allow=allow)

    def answer_in_xero(self, *, organisation: int = 0, allow: bool = True) -> None:
        """Sign in to Xero, choose, and allow or cancel."""
        self.page.get_by_role("button", name=BOTH).click()
        if allow:
            self.page.get_by_label(self.organisation(organisation)["name"]).check()
        self.page.get_by_role("button", name="Allow access" if allow else "Cancel").click()

    def organisation(self, index: int) -> dict[str, Any]:
        """Return an organisation of the pretend Xero."""
        found: dict[str, Any] = self.control("organisations")[index]
        return found

    def control(self, path: str, **given: Any) -> Any:
        """Do something behind Xero's back, or ask for something."""
        address = f"{self.running.simulator_url}/simulator/{path}"
        answer = (
            requests.post(address, json=given, timeout=10)
            if given
            else requests.get(address, timeout=10)
        )
        answer.raise_for_status()
        return answer.json()

    def check(self, name: str) -> None:
        """Have axe look at the page, and keep a picture where pictures are wanted."""
        found = Axe().run(self.page)["violations"]
        serious = [
            f"{one['id']}: {node['html']}"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]
        assert serious == [], name
        overflow = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not overflow, f"{name} scrolls sideways"
        folder = os.environ.get("JOURNEY_PICTURES")
        if folder:
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    def expect_state(self, words: str) -> None:
        """Wait until the card says so."""
        expect(self.page.locator("#xero-live .status")).to_have_text(words)

    def expect_message(self, words: str) -> None:
        """Expect a sentence among the page's messages."""
        expect(self.page.locator(".messages")).to_contain_text(words)


@pytest.fixture
def journey(live_stack: stack.Stack) -> Iterator[Journey]:
    """Begin signed in as the demo's admin, with Xero disconnected whatever was before."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        started = Journey(context.new_page(), live_stack)
        started.sign_in()
        started.open()
        _end_connection(started)
        yield started
        browser.close()
    assert started.errors == []


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_connect_cancel_disconnect_in_the_browser(journey: Journey) -> None:
    name = journey.organisation(0)["name"]
    journey.check("available")

    journey.consent(allow=False)
    journey.expect_message("Access was not allowed in Xero")
    journey.consent()
    journey.expect_message(f"Connected to {name}")
    journey.expect_state("Connected")
    journey.check("connected")
    journey.page.get_by_role("button", name="Check connection").click()
    journey.expect_message("Xero confirms the connection")
    journey.page.get_by_role("link", name="Activity").click()
    expect(journey.page.get_by_role("heading", level=1)).to_have_text("Xero activity")
    journey.check("activity")
    journey.open()
    journey.page.get_by_role("link", name="Disconnect from Xero").click()
    expect(journey.page.get_by_role("link", name="Cancel")).to_be_focused()
    journey.check("disconnect")
    journey.page.get_by_role("button", name=f"Disconnect {name}").click()

    journey.expect_message(f"{name} is disconnected")
    journey.expect_state("Disconnected here")
    journey.check("disconnected")


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_disconnected_in_xero_and_reconnected_in_the_browser(journey: Journey) -> None:
    organisation = journey.organisation(0)
    journey.consent()
    journey.expect_message("Connected to")
    journey.control("disconnect", tenant=organisation["tenant_id"])
    journey.page.get_by_role("button", name="Check connection").click()

    journey.expect_state("Disconnected in Xero")
    expect(journey.page.get_by_role("heading", name="Needs your attention")).to_be_visible()
    expect(journey.page.locator(".banners")).to_contain_text("was disconnected in Xero")
    journey.check("disconnected-in-xero")
    journey.page.set_viewport_size({"width": 320, "height": 800})
    journey.check("disconnected-in-xero-320")
    journey.page.set_viewport_size({"width": 1280, "height": 900})
    journey.consent()

    journey.expect_message("Connected to")
    journey.expect_state("Connected")


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_another_organisation_is_confirmed_by_keyboard_alone(journey: Journey) -> None:
    first, second = journey.organisation(0)["name"], journey.organisation(1)["name"]
    journey.consent()
    journey.expect_message("Connected to")
    journey.consent(organisation=1)

    expect(journey.page.get_by_role("heading", level=1)).to_have_text(f"Connect {second}?")
    expect(journey.page.get_by_text(f"was connected to {first}")).to_be_visible()
    expect(journey.page.get_by_role("button", name="Cancel")).to_be_focused()
    journey.check("another-organisation")
    journey.page.keyboard.press("Tab")
    expect(journey.page.get_by_role("button", name=f"Connect {second}")).to_be_focused()
    journey.page.keyboard.press("Enter")

    journey.expect_message(f"Connected to {second}")
    expect(journey.page.locator("#xero-live strong").first).to_have_text(second)
    journey.consent(organisation=0)
    journey.page.get_by_role("button", name=f"Connect {first}").click()
    journey.expect_message(f"Connected to {first}")


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_several_organisations_are_chosen_from_by_name(journey: Journey) -> None:
    first, second = journey.organisation(0)["name"], journey.organisation(1)["name"]

    def ask_for_several(route: Any) -> None:
        route.continue_(url=f"{route.request.url}&acr_values=bulk_connect%3Atrue")

    journey.page.route(re.compile("/identity/connect/authorize"), ask_for_several)
    _press_connect_following(journey)
    journey.page.get_by_role("button", name=BOTH).click()
    for name in (first, second):
        journey.page.get_by_label(name).check()
    journey.page.get_by_role("button", name="Allow access").click()
    expect(journey.page.get_by_role("heading", level=1)).to_have_text("Choose an organisation")
    journey.check("choose")
    journey.page.get_by_label(re.compile(re.escape(first))).check()
    journey.page.get_by_role("button", name="Connect this organisation").click()

    journey.expect_message(f"Connected to {first}")


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_colleague_without_the_right_sees_state_and_whom_to_ask(live_stack: stack.Stack) -> None:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        context = browser.new_context(color_scheme="dark")
        context.set_default_timeout(15_000)
        journey = Journey(context.new_page(), live_stack)
        journey.sign_in("staff")
        answer = journey.page.goto(f"{live_stack.url}{SETTINGS}")
        assert answer is not None
        assert answer.status == 403
        expect(journey.page.locator("main")).to_contain_text("You can ask Alex Ironbark")
        journey.check("state-only-dark")
        journey.page.context.clear_cookies()
        journey.sign_in("admin")
        journey.open()
        journey.check("page-dark")
        browser.close()


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_page_without_script_connects_and_disconnects(live_stack: stack.Stack) -> None:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        context = browser.new_context(java_script_enabled=False)
        context.set_default_timeout(15_000)
        journey = Journey(context.new_page(), live_stack)
        journey.sign_in()
        journey.open()
        _end_connection(journey)
        journey.consent()
        journey.expect_message("Connected to")
        journey.page.get_by_role("link", name="Disconnect from Xero").click()
        journey.page.get_by_role("button", name=re.compile("^Disconnect ")).click()
        journey.expect_message("is disconnected")
        browser.close()


def _end_connection(journey: Journey) -> None:
    """Disconnect where something is connected, so that each journey begins alike."""
    link = journey.page.get_by_role("link", name="Disconnect from Xero")
    if link.count():
        link.click()
        journey.page.get_by_role("button", name=re.compile("^Disconnect ")).click()
        journey.expect_message("is disconnected")


def _press_connect_following(journey: Journey) -> None:
    """Press Connect where the address of Xero is changed on the way.

    A browser does not let a redirected request be changed, so the address is read off first.
    """
    with journey.page.expect_response(re.compile("/xero/connect/")) as answer:
        journey.page.get_by_role("button", name=re.compile("(Connect|Reconnect) to Xero")).click()
    address = answer.value.headers["location"]
    journey.page.goto(address)
