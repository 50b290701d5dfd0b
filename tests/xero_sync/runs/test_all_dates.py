"""All documents means all: whatever day they carry."""

import json

import pytest

from invoices.models import Document
from tests.support import builders
from tests.support.bad_documents import invoice, serve, store
from tests.support.daily_checks import check, cursor_of
from tests.support.faults import REFUSED
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.passing import Time
from tests.support.resyncs import PAGE, lists_called
from xero_sync.api import json_codec
from xero_sync.models import RunState, SyncRun

FAR = ("1066-10-14", "1989-12-31", "2040-01-01", "9999-12-31")


@pytest.fixture
def far(linked: Linked) -> Linked:
    """Give a portal whose books hold documents of far-off days, raised long before connecting."""
    linked.world.do("webhooks", enabled=False)
    contact_id = linked.books()["contacts"][0]["contact_id"]
    for day in FAR:
        linked.world.do(
            "documents",
            tenant=linked.tenant,
            act="raise",
            contact_id=contact_id,
            lines=[{"description": "Far off", "unit_amount": "10.00"}],
            date=day,
            due_date=day,
        )
    # So that no list of what was modified brings them.
    linked.world.do("clock", advance_seconds=7200)
    return linked


def test_first_sync_brings_documents_of_any_day(far: Linked) -> None:
    run = far.work(SyncRun.objects.get(is_first=True))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(far) == theirs(far)
    assert check(far) == []
    assert cursor_of(far).count_in_xero == 696 + len(FAR)


def test_first_sync_that_xero_finds_too_large_is_read_in_parts_of_any_day(far: Linked) -> None:
    # As it refuses what holds the whole ledger, however far its ends.
    far.world.fail("/api.xro/2.0/Invoices", times=3, status=400, body='{"ErrorNumber":16}')

    run = far.work(SyncRun.objects.get(is_first=True))

    assert (run.state, run.reason) == (RunState.DONE, "")
    # One of them of what has no date.
    assert run.steps.filter(resource="INVOICE").count() == 5
    assert ours(far) == theirs(far)


@pytest.mark.parametrize("day", FAR)
def test_daily_count_finds_a_lost_document_of_any_day(far: Linked, day: str) -> None:
    far.work(SyncRun.objects.get(is_first=True))
    Document.objects.get(date=day).delete()
    before = lists_called(far)

    (run,) = check(far)

    # Twelve to see which kind differs; from then on halves of the calendar.
    assert lists_called(far) - before <= 12 + 20
    # Else it waits for the limit of a minute.
    Time().pass_by(60)
    assert far.work(run).state == RunState.DONE
    assert ours(far) == theirs(far)


def test_pages_say_all_documents(far: Linked) -> None:
    far.work(SyncRun.objects.get(is_first=True))

    html = builders.client_of(far.manager).get(PAGE).content.decode()

    assert "First sync, everything" in html


UNDATED = {name: value for name, value in invoice(2).items() if not name.startswith("Date")}


def serve_undated(linked: Linked) -> None:
    """Let Xero have two invoices, one of them without a date."""
    serve(linked, invoice(1), UNDATED)


def refuse_whole(linked: Linked) -> None:
    """Let Xero refuse the next list of all invoices."""
    match = {"path": "/Invoices", "query": r'where=Type%3D%3D"ACCREC"(&|$)'}
    linked.world.do("faults", match=match, times=1, answer={"status": 400, "body": REFUSED})


def test_what_has_no_date_is_read_and_counted_where_the_ledger_is_read_in_parts(
    linked: Linked,
) -> None:
    serve_undated(linked)
    refuse_whole(linked)

    run = linked.work(SyncRun.objects.get(is_first=True))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert run.steps.filter(resource="INVOICE").count() > 1
    assert set(Document.objects.values_list("number", "date__year")) == {
        ("INV-1", 2026),
        ("INV-2", None),
    }
    refuse_whole(linked)
    assert check(linked) == []
    assert (cursor_of(linked).count_in_xero, cursor_of(linked).count_here) == (2, 2)


def refuse_undated(linked: Linked) -> None:
    """Let Xero take no question for what has no date."""
    match = {"path": "/Invoices", "query": "Date%3D%3Dnull"}
    body = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"null"}'
    linked.world.do("faults", match=match, times=-1, answer={"status": 400, "body": body})


def test_run_ends_where_xero_takes_no_question_for_what_has_no_date(linked: Linked) -> None:
    serve_undated(linked)
    refuse_whole(linked)
    refuse_undated(linked)

    run = linked.work(SyncRun.objects.get(is_first=True))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert list(Document.objects.values_list("number", flat=True)) == ["INV-1"]
    assert run.lines.filter(text__contains="does not list those without a date").exists()


def test_what_came_without_a_date_is_no_difference_where_xero_takes_no_question_for_it(
    linked: Linked,
) -> None:
    serve_undated(linked)
    store(linked, json_codec.loads(json.dumps([UNDATED]).encode()))
    refuse_whole(linked)
    refuse_undated(linked)

    run = linked.work(SyncRun.objects.get(is_first=True))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert set(Document.objects.values_list("number", flat=True)) == {"INV-1", "INV-2"}


def test_people_read_days_ahead_and_long_ago_again(far: Linked) -> None:
    far.work(SyncRun.objects.get(is_first=True))
    Document.objects.filter(date__in=FAR).delete()
    asked = {"date_from": "1000-01-01", "date_to": "9999-12-31"}

    builders.client_of(far.manager).post(PAGE, asked)
    run = far.work(SyncRun.objects.get(is_first=False))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(far) == theirs(far)
