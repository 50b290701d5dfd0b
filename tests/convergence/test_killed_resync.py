"""A re-sync whose worker is killed at every step: it resumes, ends exact, and repeats no page.

On the way a document gets lost here, so that one kind is read once more, under kills as well.
"""

import itertools
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from invoices.models import Document
from tests.convergence import books, crew
from tests.convergence.stage import SCHEDULES, Stage, point_at
from tests.support import simulator_process
from tests.support.simulator_client import SimulatorClient
from xero_sync.jobs import leases
from xero_sync.models import RunState, SyncRun
from xero_sync.pull import pager
from xero_sync.runs import run_progress
from xero_sync.runs.run_progress import Part

# Of these some two thirds are sales. The small books in pages of 100 take as many steps.
SMALL = ("--documents", "3000", "--contacts", "300", "--max-page-size", "100")
LARGE = ("--documents", "30000", "--contacts", "3000")


@pytest.fixture
def library(
    request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings
) -> Iterator[Stage]:
    """Give an organisation with many documents; 20,000 of them in the long run of `make soak`."""
    is_long = request.config.getoption("schedules", SCHEDULES) > SCHEDULES
    with simulator_process.running(
        "--no-limits", "--seed", "7", *(LARGE if is_long else SMALL)
    ) as url:
        point_at(url, settings)
        with crew.hired(url) as hired:
            yield Stage(SimulatorClient(url), hired, live_server.url)


def place(run: SyncRun) -> tuple[object, ...]:
    """Return how far a run has come: each step of it gives another value, none comes twice."""
    run.refresh_from_db()
    return run.is_open, *run.steps.values_list("pk", "next_page", "done_at", "our_count")


def kill_after_a_step(stage: Stage, run: SyncRun, *, linger: float) -> bool:
    """Start a worker and kill it once the run has moved; return whether it was killed in time."""
    before = place(run)
    pid = stage.crew.start("run", run.pk, ahead=stage.ahead)
    while place(run) == before:
        if stage.crew.wait(pid, seconds=0).code is not None:
            return False
    time.sleep(linger)
    stage.crew.signal(pid, signal.SIGKILL)
    return stage.crew.wait(pid).code == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_resync_killed_at_every_step_ends_exact_and_stores_no_page_twice(library: Stage) -> None:
    library.work("sweep")
    run = SyncRun.objects.get(organisation=library.organisation)
    lingering = itertools.cycle([0.0, 0.004, 0.012, 0.03])
    kills = 0
    has_lost_one = False

    while run.is_open:
        kills += kill_after_a_step(library, run, linger=next(lingering))
        library.later(leases.LEASE + timedelta(seconds=1))
        run.refresh_from_db()
        if not has_lost_one and run.steps.filter(resource="INVOICE", next_page__gt=2).exists():
            has_lost_one = bool(Document.objects.filter(kind="INVOICE").order_by("pk")[0].delete())
        progress = run_progress.progress_of(run)
        under_way = run.steps.filter(next_page__gt=2)
        if progress.part != Part.WHOLE:
            # The newest are read and verified before the first list of older ones is asked for.
            under_way = under_way.filter(is_older=progress.part == Part.OLDER)
        if under_way.exists():
            assert progress.total is not None, "one list read, others unknown"

    steps = list(run.steps.all())
    pages = sum(step.page_count or 0 for step in steps)
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert (
        books.differences(books.theirs(library.show_books()), books.ours(library.organisation))
        == {}
    )
    # A page and its count are one transaction: more were read than there are if one came twice.
    assert [step.read_count for step in steps] == [step.item_count for step in steps]
    # Some pages follow too fast upon each other for a kill between them.
    assert kills > pages * 2 // 3 > 10
    # What got lost was noticed, and its kind alone was read once more.
    again = run.steps.exclude(again_since=None)
    assert [step.resource for step in again] == ["INVOICE"]
    # What was in flight when a worker was killed is asked for again, and nothing else.
    asked = asked_pages(library)
    repeated = sum(asked.values()) - pages - sum(step.page_count or 0 for step in again)
    assert repeated <= kills * pager.AHEAD, (pages, kills, repeated)


def asked_pages(stage: Stage) -> Counter[tuple[str, str]]:
    """Count the calls for each page of the re-sync's own lists."""
    found: Counter[tuple[str, str]] = Counter()
    for call in stage.world.show("calls"):
        asked = parse_qs(call["query"])
        if "Date>=" in asked.get("where", [""])[0] and asked.get("pageSize") == ["1000"]:
            found[call["path"], asked["page"][0]] += 1
    return found
