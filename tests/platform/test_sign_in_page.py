"""The running product in a real browser: what is served is a page people can use."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from lrm.demo import stack

BROWSER_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_person_signs_in_without_a_script_error_when_the_product_runs(
    live_stack: stack.Stack,
) -> None:
    errors: list[str] = []
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(BROWSER_OPTIONS)
        )
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "response",
            lambda answer: (
                errors.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
            ),
        )

        page.goto(live_stack.url)
        page.get_by_label("User name").fill("staff")
        page.get_by_label("Password").fill("demo")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{live_stack.url}/")
        heading = page.get_by_role("heading", level=1).inner_text()
        browser.close()

    assert heading
    assert errors == []
