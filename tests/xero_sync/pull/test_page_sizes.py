"""Pages that Xero takes too long over are asked for smaller, and larger again once it is quick."""

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Contact
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, end_first
from xero_sync.api import errors
from xero_sync.jobs import sweep_schedule
from xero_sync.models import CatchUp, Cursor, RunState, SyncRun, SyncStep
from xero_sync.pull import page_sizes
from xero_sync.sweeps import sweeper


@pytest.fixture(autouse=True)
def short_patience(settings: Settings) -> None:
    """Wait for Xero no longer than a moment."""
    settings.XERO_READ_SECONDS = 0.8


def slow(linked: Linked, path: str, query: str) -> None:
    """Let Xero take too long over some pages of a list."""
    match = {"path": path, "query": query}
    linked.world.do("faults", match=match, times=-1, answer={"delay_seconds": 3})


def sweep_once(linked: Linked) -> None:
    """Take a turn of sweeping everything."""
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    Cursor.objects.update(attempts=0)
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock)


def work_patiently(linked: Linked, run: SyncRun) -> SyncRun:
    """Work on a run to its end, without the pauses after what did not come in time."""
    for _ in range(12):
        linked.work(run)
        if not run.is_open:
            break
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    return run


def test_sweep_asks_for_less_until_it_comes_in_time_and_for_more_again_later(
    linked: Linked,
) -> None:
    slow(linked, "/Contacts", r"pageSize=(1000|500|250)(&|$)")

    for _ in range(4):
        sweep_once(linked)

    cursor = Cursor.objects.get(resource="CONTACT")
    assert Contact.objects.count() == len(linked.books()["contacts"]) > 125
    assert (cursor.problem, cursor.page_size) == ("", 250)
    linked.world.heal()
    for _ in range(3):
        sweep_once(linked)
    cursor.refresh_from_db()
    assert cursor.page_size == 1000


def test_run_goes_on_in_smaller_pages_where_it_was_and_is_verified(linked: Linked) -> None:
    end_first(linked)
    slow(linked, "/Invoices", r"pageSize=(1000|500)(&|$)")
    slow(linked, "/Invoices", r"^(?=.*[&?]?page=2(&|$)).*pageSize=250(&|$)")

    run = work_patiently(linked, ask(linked))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    step = run.steps.get(resource="INVOICE")
    assert (step.page_size, step.again_since) == (125, None)
    assert step.read_count == step.item_count == 696


@pytest.mark.parametrize(
    ("rows", "size", "count", "place"),
    [
        (0, 1000, None, (1, 500)),
        (3000, 1000, 5000, (7, 500)),
        (3000, 500, 5000, (13, 250)),
        (2625, 125, 5000, (106, 25)),
        (200, 100, 5000, (9, 25)),
        (75, 25, 5000, (16, 5)),
        (15, 5, 5000, (16, 1)),
        # How many were read nobody knows.
        (3000, 1000, None, (1, 500)),
    ],
)
def test_smaller_pages_begin_where_the_larger_ones_ended(
    rows: int, size: int, count: int | None, place: tuple[int, int]
) -> None:
    for row in (SyncStep(), Cursor(), CatchUp()):
        row.next_page, row.page_size, row.item_count = rows // size + 1, size, count

        assert page_sizes.after(row, errors.TimedOut("slow")) == place


def test_smallest_page_is_asked_for_as_it_is() -> None:
    assert page_sizes.after(Cursor(page_size=1), errors.TimedOut("slow")) is None
