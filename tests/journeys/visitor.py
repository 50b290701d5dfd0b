"""One person at a browser. Everything that goes wrong unseen is kept and told at the end."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response
from playwright.sync_api import expect as expect_that

from tests.journeys import inspection, portals

# What a card says while Xero is connected, whatever else there is to do.
CONNECTED = re.compile("^(First sync|Needs a look|Up to date)$")
CONNECTED_APPS = "/settings/connected-apps/"
MOST_TABS = 60


class Visitor:
    """A person with a page open. `trouble` lists what the browser complained about."""

    def __init__(self, context: BrowserContext, *, url: str) -> None:
        self.context = context
        self.url = url
        self.trouble: list[str] = []
        self._allowed: set[int] = set()
        context.on("page", self._listen)
        self.page = context.new_page()

    def sign_in(self, user: str) -> None:
        """Sign in with the password that all made-up people have."""
        self.open("/sign-in/")
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password").fill(portals.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")

    def open(self, path: str) -> None:
        """Open an address of the LRM."""
        self.page.goto(f"{self.url}{path}")

    def open_connected_apps(self) -> None:
        """Open Settings > Connected Apps."""
        self.open(CONNECTED_APPS)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the link of that name."""
        self.page.get_by_role("link", name=name, exact=True).click()

    def open_resyncs(self) -> None:
        """Open the page of re-syncs, by the settings."""
        settings = self.page.get_by_role("navigation", name="Settings")
        settings.get_by_role("link", name="Re-syncs").click()

    def press_connect(self) -> None:
        """Press the button that leads to Xero; where Xero is connected the menu has it."""
        if self.page.locator("#xero-reconnect").count():
            self.open_xero_menu()
        self.press(re.compile("^(Connect|Reconnect) to Xero$"))

    def open_xero_menu(self) -> None:
        """Open what the Xero card keeps for rare needs."""
        self.page.locator("#xero-menu > summary").click()

    def choose_dates(self, first: str, last: str = "") -> None:
        """Choose the days of a re-sync by two dates; the last one stays where none is given."""
        self.page.get_by_label("Choose dates").check()
        self.page.get_by_label("From").fill(first)
        if last:
            self.page.get_by_label("To").fill(last)

    def expect_heading(self, words: str | re.Pattern[str]) -> None:
        """Wait for the page with that heading."""
        expect_that(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def expect_elsewhere(self, url: str) -> None:
        """Wait until the browser has left for another site."""
        self.page.wait_for_url(f"{url}/**")

    def expect_state(self, words: str | re.Pattern[str]) -> None:
        """Wait until the Xero card says so."""
        expect_that(self.page.locator("#xero-name .status")).to_have_text(words)

    def expect_connected(self) -> None:
        """Wait until the Xero card says that Xero is read, whatever else there is to do."""
        self.expect_state(CONNECTED)

    def expect_message(self, words: str) -> None:
        """Wait for a sentence among the page's messages."""
        expect_that(self.page.locator(".messages")).to_contain_text(words)

    def row_of(self, name: str) -> Locator:
        """Return the table row that begins with this name."""
        return self.page.get_by_role("row").filter(
            has=self.page.get_by_role("rowheader", name=re.compile(rf"^{re.escape(name)}\b"))
        )

    def inspect(self, name: str) -> None:
        """Look at the page in light and dark, wide and narrow; faults are told at the end."""
        self.trouble += inspection.faults_of(self.page, name)

    def tab_to(self, target: Locator) -> None:
        """Press Tab until the focus is there; on the way it must never be out of sight."""
        self.page.wait_for_load_state()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            fault = inspection.fault_of_focus(self.page)
            assert not fault, fault
            if target.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"Tab never reaches {target}")

    @contextmanager
    def allowing(self, *statuses: int) -> Iterator[None]:
        """Expect answers with these statuses meanwhile."""
        self._allowed |= set(statuses)
        yield
        self._allowed -= set(statuses)

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.trouble.append(f"Script error: {error}"))
        page.on("console", self._hear)
        page.on("response", self._see_answer)
        page.on("requestfailed", self._see_failure)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser repeats every unwelcome status here; those are looked at as answers.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.trouble.append(f"Console: {message.text}")

    def _see_answer(self, answer: Response) -> None:
        is_unwelcome = answer.status >= 400 and answer.status not in self._allowed
        if is_unwelcome and self._is_ours(answer.url):
            self.trouble.append(f"{answer.status} for {answer.request.method} {answer.url}")

    def _see_failure(self, request: Request) -> None:
        # A page that is left ends what it still asked for; that is no failure.
        failure = request.failure or ""
        if self._is_ours(request.url) and "ERR_ABORTED" not in failure:
            self.trouble.append(f"{failure} for {request.url}")

    def _is_ours(self, address: str) -> bool:
        return urlsplit(address).netloc == urlsplit(self.url).netloc
