"""All documents means all: whatever day they carry."""

import pytest

from invoices.models import Document
from tests.support import builders
from tests.support.daily_checks import check, cursor_of
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.passing import Time
from tests.support.resyncs import PAGE, lists_called
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
    assert run.steps.filter(resource="INVOICE").count() == 4
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

    assert "First sync of all documents" in html
