"""What the steps share: the installation, what runs, Xero, the browser, and what was made."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page

from lrm.demo import books, supervisor
from scripts.rehearsal.installation import CLIENT_ID, Installation, StepFailed
from scripts.rehearsal.services import Services
from tests.support.simulator_client import SimulatorClient

PORTAL = "rehearsal-college"
# For one thing that is on its way; longer than a minute, since a limit may hold it up for as long.
MOST_SECONDS = 150.0


@dataclass
class Walk:
    """One rehearsal."""

    at: Installation
    services: Services
    outside: supervisor.Supervisor
    page: Page
    xero: SimulatorClient
    # The link that `create_portal` printed, then what a person would remember.
    link: str = ""
    second_factor: str = ""
    # What the operator told their shell, and what was there when the backup was taken.
    umask: str = ""
    digest: str = ""
    invoice: dict[str, Any] = field(default_factory=dict)
    learner_page: str = ""

    def open(self, path: str) -> None:
        """Open an address of the LRM in the browser."""
        self.page.goto(f"{self.at.url}{path}")

    def api(self, path: str) -> Any:
        """Ask the API as the person who is signed in."""
        answer = self.page.context.request.get(f"{self.at.url}/api/v1/{path}")
        if not answer.ok:
            raise StepFailed(f"/api/v1/{path} answers {answer.status}: {answer.text()[:300]}")
        return answer.json()

    def run(self, number: int) -> dict[str, Any]:
        """Return a re-sync as the API tells it."""
        found: dict[str, Any] = self.api(f"sync-runs/{number}/")
        return found

    def compare(self) -> str:
        """Compare every sales document of Xero's books with report #0442, field by field."""
        since, until = days()
        documents = self.xero.show("books")["documents"]
        expected = books.sales_documents(documents, since=since, until=until)
        report = self.report()
        wrong = books.differences(expected, report)
        if wrong or not expected:
            shown = "; ".join(wrong[: books.MOST_SHOWN])
            raise StepFailed(f"{len(wrong)} of {len(expected)} documents differ: {shown}")
        return f"#0442 equals the books: {len(report)} documents"

    def report(self) -> list[dict[str, Any]]:
        """Run report #0442 by its command over all days, and return its rows."""
        file = self.at.files / "report.json"
        since, until = days()
        wanted = ("report_0442", PORTAL, "--from", since, "--to", until, "--format", "json")
        self.at.manage(*wanted, "--output", str(file))
        rows: list[dict[str, Any]] = json.loads(file.read_text())["rows"]
        return rows

    def start_xero(self) -> str:
        """Start the simulator as if it were Xero: it knows this app, its address and its key.

        It asks by https, and believes the proxy's own certificate, which must be there by then.
        """
        at = self.at
        secret = (at.secrets / "xero_client_secret").read_text()
        key = (at.secrets / "xero_webhook_keys").read_text()
        authority = at.place / "certificates/caddy/pki/authorities/local/root.crt"
        command = [sys.executable, "-m", "xero_simulator", "--port", str(at.ports.xero)]
        command += ["--public-url", at.xero_url, "--client-id", CLIENT_ID]
        command += ["--client-secret", secret, "--webhook-key", key]
        command += ["--redirect-uri", f"{at.url}/settings/connected-apps/xero/callback/"]
        command += ["--webhook-url", f"{at.url}/webhooks/xero/", "--webhook-timeout", "30"]
        # Many small pages, so that a re-sync has a middle to be stopped in.
        command += ["--max-page-size", "100"]
        environment = {**at.environment("beat"), "SSL_CERT_FILE": str(authority)}
        child = self.outside.start(
            "xero", command, environment=environment, ready_line="xero_simulator ready at"
        )
        self.outside.wait_until_ready(child, seconds=MOST_SECONDS)
        told = self.xero.do("webhooks/intent")
        if not told["passed"]:
            raise StepFailed(f"Intent to receive: {told}")
        return f"{at.xero_url}; intent to receive passed over https"


def days() -> tuple[str, str]:
    """Return the first and the last day that anything of the books may have."""
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=3000), today + timedelta(days=400)
    return first.isoformat(), last.isoformat()


def wait(holds: Callable[[], bool], *, what: str, seconds: float = MOST_SECONDS) -> float:
    """Return after how many seconds it held.

    :raises StepFailed: when it never did.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise StepFailed(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.2)
    return time.monotonic() - began
