"""`make rehearsal`: every step of a production start, with its seconds and what was seen.

Exit code 1 where a step is not as it should be; then the ends of all logs, and the step's name.
KEEP=1 leaves the folder for a look.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from lrm.demo import output, stack, supervisor
from lrm.demo.smoke import Table
from scripts.rehearsal import first_day, recovery
from scripts.rehearsal.installation import Installation, StepFailed
from scripts.rehearsal.services import Services
from scripts.rehearsal.walk import Walk, wait
from tests.support.simulator_client import SimulatorClient

# For all that lies between an empty folder and a learner in Xero.
MOST_SECONDS = 600.0
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
Step = Callable[[Walk], str]


def _check_deploy(walk: Walk) -> str:
    said = walk.at.manage("check", "--deploy", "--fail-level", "WARNING")
    return said.strip().splitlines()[-1]


def _collect_static_files(walk: Walk) -> str:
    return walk.at.manage("collectstatic", "--noinput").strip().splitlines()[-1]


def _check_readiness(walk: Walk) -> str:
    answer = walk.page.context.request.get(f"{walk.at.url}/readyz")
    if not answer.ok:
        raise StepFailed(f"/readyz answers {answer.status}: {answer.text()}")
    return f"200 over https, behind Caddy: {answer.text()}"


def _doctor(walk: Walk) -> str:
    said: list[str] = []

    def is_well() -> bool:
        try:
            said.append(walk.at.manage("doctor"))
        except StepFailed as problem:
            said.append(str(problem))
            return False
        return True

    try:
        seconds = wait(is_well, what="the doctor", seconds=60)
    except StepFailed as never:
        raise StepFailed(said[-1]) from never
    looks = [line for line in said[-1].splitlines() if line.startswith("look")]
    return f"{said[-1].strip().splitlines()[-1]} ({seconds:.0f} s) {'; '.join(looks)}"


START: list[tuple[str, Step]] = [
    ("1 clone", lambda walk: walk.at.fetch()),
    ("1 Python environment", lambda walk: walk.at.install()),
    ("2 secrets", lambda walk: walk.at.make_secrets()),
    ("2 settings", lambda walk: walk.at.write_settings()),
    ("2 what the image holds", lambda walk: walk.at.make_image()),
    ("2 database and broker", lambda walk: walk.services.make_servers()),
    ("3 check --deploy", _check_deploy),
    ("3 collectstatic", _collect_static_files),
    ("4 migrate, then start all", lambda walk: walk.services.up()),
    ("4 health checks", lambda walk: walk.services.check_health()),
    ("4 /readyz", _check_readiness),
    ("4 Xero", lambda walk: walk.start_xero()),
    ("5 create_portal", first_day.create_portal),
    ("5 doctor", _doctor),
    ("6 password", first_day.set_password),
    ("6 second factor", first_day.set_up_second_factor),
    ("6 learner", first_day.add_learner_of_xero),
    ("6 connect", first_day.connect),
    ("6 first sync", first_day.first_sync),
    ("6 payment by webhook", first_day.follow_payment),
    ("6 start sending", first_day.start_sending),
    ("6 learner to Xero", first_day.send_learner),
    ("6 webhook to a program", first_day.add_endpoint),
]
AFTERWARDS: list[tuple[str, Step]] = [
    ("7 backup and restore", recovery.back_up_and_restore),
    ("8 stop in a re-sync", recovery.stop_in_the_midst),
    ("8 rights afterwards", recovery.check_rights),
]


def main() -> int:
    """Rehearse in a folder that is removed afterwards; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("chromium is not installed (Debian: apt-get install chromium)\n")
        return 1
    place = Path(tempfile.mkdtemp(prefix="lrm-rehearsal-"))
    expect.set_options(timeout=45_000)
    try:
        at = Installation(place)
        with (
            sync_playwright() as tools,
            supervisor.Supervisor(logs=place / "logs", root=stack.ROOT) as outside,
            Services(at) as services,
        ):
            browser = tools.chromium.launch(executable_path=chromium, args=OPTIONS)
            context = browser.new_context(ignore_https_errors=True, locale="en-AU")
            context.set_default_timeout(45_000)
            page = context.new_page()
            walk = Walk(at, services, outside, page, SimulatorClient(at.xero_url))
            return _rehearse(walk)
    except KeyboardInterrupt:
        return 1
    finally:
        if os.environ.get("KEEP"):
            _say(f"Left in {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)


def _rehearse(walk: Walk) -> int:
    table, began = Table(), time.monotonic()
    good = all(_take(walk, table, *step) for step in START)
    seconds = time.monotonic() - began
    in_time = good and seconds < MOST_SECONDS
    table.add("from nothing to Xero", "under ten minutes", seconds, ok=in_time)
    good = good and all(_take(walk, table, *step) for step in AFTERWARDS)
    table.add("all of it", "", time.monotonic() - began, ok=good and in_time)
    _say(f"\n{table}")
    return 0 if good and in_time else 1


def _take(walk: Walk, table: Table, words: str, step: Step) -> bool:
    """Take one step, and show all that helps where it fails."""
    began = time.monotonic()
    _say(output.coloured(f"• {words}", 36))
    try:
        seen, ok = step(walk), True
    except Exception as failure:
        seen, ok = f"{type(failure).__name__}: {failure}", False
    seconds = time.monotonic() - began
    table.add(words, seen, seconds, ok=ok)
    if not ok:
        for child in [*walk.outside.children, *walk.services.owner.children]:
            _say(f"\n{child.name}, its last lines:\n{supervisor.last_lines(child)}")
        _say(f"\nThe step {words!r} failed. {seen}\n")
    else:
        _say(f"  {seconds:.1f} s  {seen}")
    return ok


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
