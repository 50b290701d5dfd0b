"""One running product and one browser for all journeys; a portal of its own for each.

The product runs as in production, with DEBUG off: people then meet its own error pages, and static
files have the names that production gives them. The books are small, and every journey takes two
organisations that no other one touches, so that none meets another's connections, webhooks or
limits.
"""

import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from lrm.demo import stack
from lrm.local import local_services
from tests.journeys.stage import SECONDS, PortalMaker, Stage
from tests.journeys.xero import Xero
from tests.support import live

ORGANISATIONS = 83  # Three with books that differ in size, then two for each of 40 journeys.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Made up; as long as production asks for.
PRODUCTION = {
    "DEBUG": "False",
    "ALLOWED_HOSTS": "localhost",
    "SECRET_KEY": "made-up-c4b0f19e7a2d48d3b6a5918273645f0e1d2c3b4a5968778695a4b3c2d1e0f",
    "TOKEN_ENCRYPTION_KEYS": "am91cm5leXMtb25seS1rZXktb2YtMzItYnl0ZXMtb2s=",
}
JOURNEY_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all journeys, and give them time: the first waits for the product to start."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(JOURNEY_SECONDS))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where the browser is; without one nothing needs to start."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return found


# Not for the session: there can be one at a time, and a test elsewhere may run its own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Run Debian's chromium, headless."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as tools:
        launched = tools.chromium.launch(executable_path=chromium, args=list(OPTIONS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def product(chromium: str) -> Iterator[stack.Stack]:
    """Run the whole product on free ports, with many small organisations in its Xero."""
    parent = Path(tempfile.mkdtemp(prefix="lrm-journeys-"))
    directory = parent / "tests"
    directory.mkdir()
    size = ("--organisations", str(ORGANISATIONS), "--documents", "150", "--contacts", "30")
    try:
        plan = replace(live.make_plan(directory, *size, **PRODUCTION), seed=False)
        running = stack.Stack(plan)
        _collect_static_files(running)
        with running:
            yield running
    finally:
        local_services.leave(directory)
        shutil.rmtree(parent, ignore_errors=True)


def _collect_static_files(running: stack.Stack) -> None:
    """Collect them as the production image does; no service is asked for it.

    All products of a checkout serve the same folder, and to collect takes files away before it
    writes them anew: of test processes side by side the first does it for all.
    """
    settings = {**stack.xero_settings(running.simulator_url), "PUBLIC_URL": running.url}
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"process {os.getpid()}")
    mark = stack.ROOT / ".local" / "static-files-of"
    mark.parent.mkdir(exist_ok=True)
    with mark.open("a+") as collected_by:
        fcntl.flock(collected_by, fcntl.LOCK_EX)
        collected_by.seek(0)
        if collected_by.read() == run:
            return
        subprocess.run(
            running.manage("collectstatic", "--no-input", "-v", "0"),
            cwd=stack.ROOT,
            env={**running.env, **running.plan.settings, **settings},
            check=True,
        )
        collected_by.truncate(0)
        collected_by.write(run)


def _learners_of(contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a learner for each contact that has a number."""
    return [
        {
            "number": contact["number"],
            "given_name": contact["given_name"],
            "family_name": contact["family_name"] or contact["name"],
            "email": contact["email"],
            "sync_to_xero": contact["status"] == "ACTIVE",
        }
        for contact in contacts
        if contact["number"]
    ]


@pytest.fixture(scope="session")
def portal_maker(product: stack.Stack) -> Iterator[PortalMaker]:
    """Keep one such process for all journeys."""
    maker = PortalMaker(product)
    yield maker
    maker.close()


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Count the journeys."""
    return itertools.count(1)


@pytest.fixture
def stage(
    product: stack.Stack, browser: Browser, portal_maker: PortalMaker, numbers: Iterator[int]
) -> Iterator[Stage]:
    """Set the stage for one journey; afterwards no visitor may have met trouble."""
    number = next(numbers)
    xero = Xero(product.simulator_url)
    home, other = xero.organisations()[2 * number + 1 : 2 * number + 3]
    contacts = xero.show("books", tenant=home.tenant_id)["contacts"]
    slug, name = f"journey-{number}", f"Bluebush College {number}"
    learner_ids = portal_maker.make(slug=slug, name=name, learners=_learners_of(contacts))
    set_up = Stage(product, browser, xero, slug, name, home, other, learner_ids, portal_maker)
    yield set_up
    trouble = [words for came in set_up.visitors for words in came.trouble]
    for came in set_up.visitors:
        came.context.close()
    assert not trouble, "\n".join(trouble)
