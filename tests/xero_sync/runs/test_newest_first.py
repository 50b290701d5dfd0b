"""A first sync reads and verifies the last twelve months before it asks for anything older."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.urls import reverse

from connected_apps import freshness
from invoices.models import Document
from tests.support import builders, simulator_process, valkey_flush, worker_stopping
from tests.support.document_builders import make_organisation
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import PAGE, ask, log
from xero_sync.models import RunState, SyncRun, SyncStep
from xero_sync.pull import date_windows
from xero_sync.resources import Resource
from xero_sync.runs import newest_first, run_progress, run_requests, run_worker
from xero_sync.runs.run_progress import Part

# Of the pretend Xero's pages, and what counts as many of a kind.
PAGE_SIZE, MANY = 50, 100
UNREADABLE = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such property"}'
HERE = "The last twelve months are here and checked."


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator whose lists have several pages."""
    options = ("--no-limits", "--seed", "7", "--max-page-size", str(PAGE_SIZE))
    with simulator_process.running(*options) as url:
        yield url


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut where there are a hundred, as the product does where there are thousands."""
    monkeypatch.setattr(newest_first, "MANY", MANY)
    monkeypatch.setattr(newest_first, "MANY_STORED", MANY)


def first(linked: Linked) -> SyncRun:
    """Return the first sync."""
    return SyncRun.objects.get(portal=linked.portal, is_first=True)


def turn(run: SyncRun) -> SyncRun:
    """Let a worker that is told to stop take a turn, which is over after one page."""
    valkey_flush.forget_all()
    with worker_stopping.told_to_stop():
        run_worker.work_on(run_id=run.pk, clock=clock)
    return SyncRun.objects.get(pk=run.pk)


def until_newest_is_here(linked: Linked) -> SyncRun:
    """Let workers take turns until the last twelve months are verified."""
    run = first(linked)
    for _ in range(60):
        run = turn(run)
        if newest_first.newest_is_verified(run.steps.all()):
            return run
    raise AssertionError(f"{run.state} {run.reason}: {log(run)}")


def work(linked: Linked, run: SyncRun) -> SyncRun:
    """Work on a run until it ends or waits, in a minute of its own."""
    valkey_flush.forget_all()
    return linked.work(run)


def lists_of(linked: Linked, *, since: int) -> list[str]:
    """Return what each list of invoices asked for: "whole", "newest", "older", "undated"..."""
    asked: list[dict[str, Any]] = linked.world.show("calls", since=since)
    found = []
    for one in asked:
        query = parse_qs(one["query"])
        if not one["path"].endswith("/Invoices") or "where" not in query:
            continue
        where = query["where"][0]
        is_since, is_until = "Date>=" in where, "Date<" in where
        kind = {(True, False): "newest", (False, True): "older", (True, True): "between"}
        found.append("undated" if "null" in where else kind.get((is_since, is_until), "whole"))
    return found


def test_older_windows_are_asked_for_when_the_newest_are_verified(linked: Linked) -> None:
    before: list[dict[str, Any]] = linked.world.show("calls")

    run = work(linked, first(linked))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    asked = lists_of(linked, since=before[-1]["n"])
    # The one that tells how many there are; all of the newest, and what changed meanwhile.
    assert asked[0] == "whole"
    oldest_first = min(asked.index("older"), asked.index("undated"))
    assert set(asked[:oldest_first]) == {"whole", "newest"}
    assert "newest" not in asked[oldest_first:]
    assert asked.count("undated") == 1


def test_pages_say_that_the_last_year_is_here_and_older_is_coming(linked: Linked) -> None:
    run = turn(first(linked))
    progress = run_progress.progress_of(run)
    assert progress.part == Part.NEWEST
    assert progress.total is not None
    line = freshness.of(linked.portal, now=clock()).line
    assert f"of {progress.total:,} documents of the last twelve months." in line

    run = until_newest_is_here(linked)

    day = newest_first.last_older_day(run)
    newest = {
        one["xero_id"]
        for one in linked.books()["documents"]
        if one["date"] > day.isoformat() and one["type"] == "ACCREC"
    }
    here = Document.objects.filter(kind="INVOICE", date__gt=day)
    assert {str(pk) for pk in here.values_list("xero_id", flat=True)} == newest
    assert Document.objects.count() < len(theirs(linked))
    told = freshness.of(linked.portal, now=clock())
    assert (HERE in told.line, told.is_complete) == (True, False)
    client = builders.client_of(linked.manager)
    assert HERE in client.get(reverse("report_0442")).content.decode()
    assert "reading what is older" in log(run)

    run = turn(run)
    progress = run_progress.progress_of(run)
    assert (progress.part, progress.total) == (Part.OLDER, len(theirs(linked)))
    assert progress.part.label in client.get(PAGE).content.decode()

    work(linked, run)
    assert ours(linked) == theirs(linked)
    assert run_progress.progress_of(SyncRun.objects.get(pk=run.pk)).part == Part.WHOLE


def test_cancelled_between_the_parts_it_goes_on_with_what_is_older(linked: Linked) -> None:
    run = until_newest_is_here(linked)
    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    line = freshness.of(linked.portal, now=clock()).line
    assert "the last twelve months of them checked, so older documents are missing." in line
    since: list[dict[str, Any]] = linked.world.show("calls")

    client = builders.client_of(linked.manager)
    assert client.post(f"{PAGE}{run.pk}/resume/").status_code == 302
    run = work(linked, run)

    assert (run.state, ours(linked)) == (RunState.DONE, theirs(linked))
    assert "newest" not in lists_of(linked, since=since[-1]["n"])


def test_kind_that_xero_refuses_does_not_hold_up_older_ones_of_others(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", times=-1, status=400, body=UNREADABLE)

    run = work(linked, first(linked))

    assert run.state == RunState.PAUSED
    steps = run.steps.filter(resource=Resource.INVOICE)
    assert steps.filter(is_older=True).exists()
    assert not steps.filter(done_at=None).exists()
    invoices = {one for one in theirs(linked) if one[0] == "INVOICE"}
    assert {one for one in ours(linked) if one[0] == "INVOICE"} == invoices


def test_what_changes_while_older_windows_are_read_is_not_missed(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    run = until_newest_is_here(linked)
    day = newest_first.last_older_day(run).isoformat()
    moved = next(
        one
        for one in linked.books()["documents"]
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED" and one["date"] > day
        if not (one["payments"] or one["allocations"])
    )
    linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="set_reference",
        id=moved["xero_id"],
        reference="Changed meanwhile",
    )

    run = work(linked, run)

    assert run.state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_few_documents_are_read_in_one_part(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_first, "MANY", 5 * 1000)

    run = work(linked, first(linked))

    assert run.steps.count() == 4
    assert run_progress.progress_of(run).part == Part.WHOLE


def test_long_resync_is_cut_by_what_is_stored_and_a_cold_one_costs_no_further_call(
    linked: Linked,
) -> None:
    cold = work(linked, ask(linked))
    assert not cold.steps.filter(is_older=True).exists()

    warm = work(linked, ask(linked))

    assert warm.steps.filter(is_older=True, resource=Resource.INVOICE).count() == 1
    assert (warm.state, ours(linked)) == (RunState.DONE, theirs(linked))
    short = work(linked, ask(linked, days=600))
    assert not short.steps.filter(is_older=True).exists()


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-11-26", "2025-11-26"),
        ("2028-02-29", "2027-02-28"),
        ("2029-02-28", "2028-02-28"),
        ("2026-01-01", "2025-01-01"),
    ],
)
def test_year_before_a_day(day: str, before: str) -> None:
    assert newest_first.a_year_before(date.fromisoformat(day)) == date.fromisoformat(before)


@pytest.mark.parametrize(
    ("asked_at", "zone", "day"),
    [
        (datetime(2026, 6, 30, 13, 59, tzinfo=UTC), "Australia/Sydney", date(2025, 6, 30)),
        (datetime(2026, 6, 30, 14, 0, tzinfo=UTC), "Australia/Sydney", date(2025, 7, 1)),
        (datetime(2026, 6, 30, 14, 0, tzinfo=UTC), "UTC", date(2025, 6, 30)),
    ],
)
@pytest.mark.django_db
def test_parts_hold_all_that_the_step_holds_by_the_day_of_the_books(
    asked_at: datetime, zone: str, day: date
) -> None:
    portal = builders.make_portal()
    organisation = make_organisation(portal)
    organisation.time_zone = zone
    run = SyncRun(portal=portal, organisation=organisation, is_first=True, requested_at=asked_at)
    step = SyncStep(run=run, resource=Resource.INVOICE, date_from=date.min, date_to=date.max)

    newest, older, undated = newest_first.parts_of(step)

    assert (newest.date_from, newest.date_to) == (day + timedelta(days=1), date_windows.LATEST)
    assert (older.date_from, older.date_to) == (date_windows.EARLIEST, day)
    assert undated.is_undated


@pytest.mark.django_db
def test_newest_window_that_xero_refuses_is_cut_near_today() -> None:
    portal = builders.make_portal()
    asked_at = datetime(2026, 6, 30, 3, 0, tzinfo=UTC)
    organisation = make_organisation(portal)
    run = SyncRun(portal=portal, organisation=organisation, is_first=True, requested_at=asked_at)
    step = SyncStep(
        run=run, resource=Resource.INVOICE, date_from=date(2025, 7, 1), date_to=date.max
    )

    near, far = newest_first.parts_of(step)

    assert (near.date_from, near.date_to) == (date(2025, 7, 1), date(2027, 6, 28))
    assert far.date_to == date.max
    assert not any(newest_first.is_older(step, part) for part in (near, far))
    # It is cut where Xero refuses it, and not because it holds many.
    assert not newest_first.is_worth_it(step, count=MANY * 10, is_stored=False)
