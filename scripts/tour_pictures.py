"""Pictures of the tours in docs/tours that README does not need; `scripts.screenshots` takes them.

Each walks where a reader of the tour walks, with the people and learners of the demo.
"""

import email
import re
from email.policy import default
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Page, expect

PASSWORD = "made up for one picture"  # noqa: S105 - of a demo that ends with the pictures


class Album(Protocol):
    """Where pictures go."""

    def take(self, page: Page, name: str, *, most_height: int, width: int = ...) -> None:
        """Take one of the page from its top."""


def before_sending(page: Page, album: Album) -> None:
    """Show what sending learners would do, on the page on which a person starts it."""
    expect(page.get_by_role("button", name="Start sending learners")).to_be_visible(timeout=60_000)
    album.take(page, "contacts-start", most_height=900)


def of_history(page: Page, invoice: str, album: Album) -> None:
    """Show what an invoice said before it was paid in part; the learner's documents are open."""
    row = page.get_by_role("row").filter(has_text=invoice)
    row.get_by_role("link").first.click()
    page.wait_for_url("**/documents/*/")
    page.goto(f"{page.url}history/")
    album.take(page, "document-history", most_height=760)


def of_admin(page: Page, url: str, album: Album) -> None:
    """Show contacts that wait for an answer, and how the sync stands."""
    page.goto(f"{url}/settings/connected-apps/xero/contacts/")
    album.take(page, "contacts-waiting", most_height=900)
    page.goto(f"{url}/settings/connected-apps/xero/health/")
    album.take(page, "sync-health", most_height=900)


def of_accounts(page: Page, url: str, album: Album) -> None:
    """Show who has no invoice, and how a report is mailed."""
    page.goto(f"{url}/reports/0443/")
    album.take(page, "report-0443", most_height=860)
    page.goto(f"{url}/reports/0442/")
    page.get_by_role("link", name="By e-mail").click()
    album.take(page, "report-by-email", most_height=900)


def of_learner(page: Page, url: str, mails: Path, learner: str, album: Album) -> None:
    """Invite a learner as an admin does, set the password by the link, and show their own page."""
    page.goto(f"{url}/settings/edit/")
    page.get_by_label(re.compile("Learners see")).check()
    page.get_by_role("button", name="Save details").click()
    page.goto(learner)
    page.get_by_role("button", name=re.compile("Invite")).click()
    expect(page.get_by_text("A link to set a password was sent")).to_be_visible()
    page.context.clear_cookies()
    page.goto(_link_in(mails))
    user_name = page.locator("strong").first.inner_text()
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    page.goto(f"{url}/sign-in/")
    page.get_by_label("User name").fill(user_name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/my/invoices/")
    album.take(page, "my-invoices", most_height=900)


def _link_in(mails: Path) -> str:
    """Return the link to set a password in the newest mail that has one."""
    for path in sorted(mails.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True):
        for text in path.read_bytes().split(b"-" * 79)[::-1]:
            read = email.message_from_bytes(text.strip(), policy=default)
            body = read.get_body(("plain",))
            found = re.search(r"http\S+/set-password/\S+", body.get_content() if body else "")
            if found:
                return found[0]
    raise LookupError("no mail has a link to set a password")
