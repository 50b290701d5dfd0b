"""Lists that change while they are walked: nothing that was in them is missed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invoices.models import Document
from tests.convergence.stage import Stage
from tests.support import waiting
from xero_sync.api import list_queries, rate_limiter, responses, sessions
from xero_sync.models import Cursor
from xero_sync.pull import pager
from xero_sync.resources import Resource

# A crew may have to be hired first.
pytestmark = pytest.mark.timeout(180)

PAGE = 16  # As the small simulator serves them.


@pytest.fixture
def session(stage: Stage) -> sessions.Session:
    """Give calls to the stage's organisation, as a sweep makes them."""
    connection = stage.connection
    return sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=rate_limiter.Lane.PEOPLE
    )


def invoices(stage: Stage) -> list[dict[str, Any]]:
    """Return the sales invoices in the order in which they are walked."""
    rows = [one for one in stage.show_books()["documents"] if one["type"] == "ACCREC"]
    return sorted(rows, key=lambda one: str(one["xero_id"]))


def touch(stage: Stage, rows: list[dict[str, Any]]) -> None:
    """Let documents change in Xero."""
    for one in rows:
        assert stage.act("documents", act="touch", id=one["xero_id"])


def modified(
    stage: Stage,
) -> tuple[list_queries.Listing, list[dict[str, Any]], list[dict[str, Any]]]:
    """Let three pages of invoices change; return their list, them, and others that come before."""
    rows = invoices(stage)
    assert len(rows) > 3 * PAGE + 5
    stage.later(timedelta(minutes=10))
    since = datetime.fromisoformat(stage.world.show("clock")["now"])
    listed = rows[-3 * PAGE :]
    touch(stage, listed)
    return list_queries.Listing(resource=Resource.INVOICE, modified_since=since), listed, rows[:5]


def ids(pages: list[responses.Page]) -> set[str]:
    """Return the ids of the invoices on pages."""
    return {one["InvoiceID"] for page in pages for one in page.elements}


def rest(walk: Iterator[tuple[int, responses.Page]]) -> list[responses.Page]:
    """Walk to the end."""
    return [page for _, page in walk]


def test_walk_reads_the_page_that_grew_at_the_end_when_rows_entered_before(
    stage: Stage, session: sessions.Session
) -> None:
    listing, listed, others = modified(stage)
    walk = pager.walk(session, listing)
    _, first = next(walk)

    touch(stage, others)
    pages = [first, *rest(walk)]

    assert {one["xero_id"] for one in listed} <= ids(pages)


def test_walk_reads_again_what_was_overtaken_when_rows_entered_between_calls_in_flight(
    stage: Stage, session: sessions.Session
) -> None:
    listing, listed, others = modified(stage)
    before = stage.world.calls("2.0/invoices")
    walk = pager.walk(session, listing)
    # Page 2, the second call, is read after page 3, and rows enter between the two.
    for seconds in (0, 60):
        fault = {"match": {"path": "/Invoices"}, "times": 1, "answer": {"delay_seconds": seconds}}
        stage.world.do("faults", **fault)
    _, first = next(walk)
    assert waiting.wait_until(
        lambda: stage.held() == 1 and stage.world.calls("2.0/invoices") == before + 2
    )
    touch(stage, others)
    stage.later(timedelta(seconds=60))

    pages = [first, *rest(walk)]

    assert {one["xero_id"] for one in listed} <= ids(pages)


@pytest.mark.parametrize("count", [3, PAGE + 3])
def test_walk_reads_what_moved_up_when_rows_left_the_range(
    stage: Stage, session: sessions.Session, count: int
) -> None:
    today = stage.now().date()
    listing = list_queries.Listing(
        resource=Resource.INVOICE, date_from=today - timedelta(days=3000), date_to=today
    )
    walk = pager.walk(session, listing)
    _, first = next(walk)
    rows = [one for one in invoices(stage) if one["date"] <= today.isoformat()]

    for one in rows[:count]:
        assert stage.act("documents", act="redate", id=one["xero_id"], date="2001-01-01")
    pages = [first, *rest(walk)]

    assert {one["xero_id"] for one in rows} <= ids(pages)


def test_sweep_of_a_stalled_worker_is_dropped_when_another_has_taken_over(stage: Stage) -> None:
    stage.work("sweep")
    stage.converge()
    cursor = Cursor.objects.get(organisation=stage.organisation, resource=Resource.INVOICE)
    stage.later(timedelta(minutes=30))
    touch(stage, invoices(stage)[: 2 * PAGE])
    stage.make_due()
    # The first worker's answer to its first page hangs; its lease lapses; another does the work.
    stage.world.do("faults", match={"path": "/Invoices"}, answer={"late_seconds": 3600})
    first = stage.start("sweep")
    assert first is not None
    assert stage.until_held(first)
    stage.later(timedelta(minutes=10))
    stage.work("sweep")
    done = Cursor.objects.get(pk=cursor.pk)
    assert done.swept_through is not None
    assert cursor.swept_through is not None
    assert done.swept_through > cursor.swept_through

    stage.later(timedelta(hours=1))
    stage.finish(first)

    after = Cursor.objects.get(pk=cursor.pk)
    assert (after.swept_through, after.next_page) == (done.swept_through, 1)
    assert after.walk_started_at is None


def test_sweep_that_was_taken_up_half_way_is_followed_by_another(stage: Stage) -> None:
    stage.work("sweep")
    stage.converge()
    Cursor.objects.filter(organisation=stage.organisation, resource=Resource.INVOICE).update(
        next_page=2, page_size=PAGE, walk_started_at=datetime.now(UTC) - timedelta(minutes=3)
    )
    stage.make_due()

    stage.work("sweep")

    cursor = Cursor.objects.get(organisation=stage.organisation, resource=Resource.INVOICE)
    assert cursor.next_page == 1
    assert cursor.next_due_at <= stage.now()


def test_renamed_contact_shows_on_its_documents_after_one_sweep(stage: Stage) -> None:
    stage.work("sweep")
    assert stage.converge() == {}
    contact_id = invoices(stage)[0]["contact_id"]
    stage.act("contacts", act="update", id=contact_id, name="Jo Newly-Named")
    stage.make_due()

    stage.work("sweep")

    names = Document.objects.filter(contact_xero_id=UUID(contact_id))
    assert set(names.values_list("contact_name", flat=True)) == {"Jo Newly-Named"}
