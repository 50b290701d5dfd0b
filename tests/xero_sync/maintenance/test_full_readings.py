"""What changes in Xero without a trace is found within a day, by a small share of the calls."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import builders, limiting, valkey_flush
from tests.support.daily_checks import check
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.xero_documents import open_invoice
from xero_sync import tasks
from xero_sync.models import FullReading


def let_a_day_pass(linked: Linked) -> None:
    """Make everything here as old as if it had been read a day ago, and the next round due."""
    Document.objects.update(read_at=clock() - timedelta(days=1))
    FullReading.objects.update(not_before=None)


def round_of(linked: Linked) -> int:
    """Take a worker's round and return how many calls it made."""
    FullReading.objects.update(not_before=None)
    before = linked.world.calls("/api.xro/")
    tasks.reread_open(linked.organisation.pk)
    return linked.world.calls("/api.xro/") - before


def move_due_date(linked: Linked) -> Document:
    """Pay a part of an invoice, and then move its due date, which moves no time stamp."""
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id, amount="1.00")
    linked.world.do("clock", advance_seconds=1200)
    linked.sweep()
    linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="edit_due_date_silently",
        id=invoice_id,
        due_date="2031-05-06",
    )
    linked.sweep()
    assert check(linked) == []
    assert ours(linked) != theirs(linked)
    return Document.objects.get(xero_id=invoice_id)


@pytest.fixture
def few_calls(settings: Settings) -> None:
    """Allow a day of so few calls that a round has two of them."""
    settings.XERO_DAY_LIMIT = 1000
    limiting.forget_shared()


def later_round_of(linked: Linked) -> int:
    """Take a round after others, whose calls are no longer this minute's."""
    valkey_flush.forget_all()
    linked.world.do("clock", advance_seconds=61)
    return round_of(linked)


def test_due_date_that_was_moved_without_a_trace_is_found_and_the_page_says_when(
    linked: Linked,
) -> None:
    linked.sweep()
    moved = move_due_date(linked)
    let_a_day_pass(linked)

    calls = round_of(linked)

    assert ours(linked) == theirs(linked)
    assert 0 < calls <= 10
    moved.refresh_from_db()
    assert moved.read_at > clock() - timedelta(minutes=1)
    page = builders.client_of(linked.manager).get(f"/documents/{moved.pk}/").content.decode()
    assert "Read from Xero in full" in page
    # Nothing was left to read.
    assert round_of(linked) == 0


def test_beat_wakes_a_worker_for_the_next_round_within_the_hour(linked: Linked) -> None:
    linked.sweep()
    check(linked)
    assert round_of(linked) == 0

    due_at = FullReading.objects.get().not_before

    assert due_at is not None
    assert timedelta(minutes=59) < due_at - timezone.now() < timedelta(minutes=61)


def test_round_costs_its_share_and_the_next_one_goes_on(linked: Linked, few_calls: None) -> None:
    linked.sweep()
    check(linked)
    let_a_day_pass(linked)
    open_ones = Document.objects.exclude(status__in=("PAID", "VOIDED", "DELETED"))
    stale = open_ones.filter(read_at__lt=clock() - timedelta(hours=1))
    count = stale.count()
    assert count > 160

    assert round_of(linked) == 2
    left = stale.count()
    assert count - 80 <= left < count
    while (calls := round_of(linked)) > 0:
        assert calls <= 2
    assert stale.count() == 0


def test_what_xero_does_not_give_keeps_nothing_else_from_being_read(
    linked: Linked, few_calls: None
) -> None:
    linked.sweep()
    check(linked)
    let_a_day_pass(linked)
    gone = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[:90]
    for document in gone:
        document.xero_id, document.read_at = uuid4(), clock() - timedelta(days=2)
        document.save()

    for _ in range(8):
        round_of(linked)

    stale = Document.objects.filter(kind="INVOICE", status="AUTHORISED")
    assert stale.filter(read_at__lt=clock() - timedelta(hours=1)).count() == 90


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 504}, {"named": "bad_json"}])
def test_document_that_xero_cannot_give_keeps_no_other_from_being_read(
    linked: Linked, answer: dict[str, Any]
) -> None:
    linked.sweep()
    check(linked)
    let_a_day_pass(linked)
    open_ones = Document.objects.exclude(status__in=("PAID", "VOIDED", "DELETED"))
    broken = open_ones.filter(kind="INVOICE").order_by("read_at", "pk")[0]
    asked_for = {"path": "/Invoices$", "query": f"IDs=.*{broken.xero_id}"}
    linked.world.do("faults", match=asked_for, times=-1, answer=answer)

    calls = [later_round_of(linked) for _ in range(8)]

    assert max(calls) <= 10
    stale = open_ones.filter(read_at__lt=clock() - timedelta(hours=1))
    assert set(stale.values_list("pk", flat=True)) == {broken.pk}
    linked.world.heal()
    later_round_of(linked)
    assert not stale.exists()


def test_nothing_counts_as_asked_for_while_xero_gives_nothing(linked: Linked) -> None:
    linked.sweep()
    check(linked)
    let_a_day_pass(linked)
    linked.world.fail("/api.xro/", times=-1, status=500)

    assert max(later_round_of(linked) for _ in range(3)) <= 10
    linked.world.heal()
    while later_round_of(linked):
        pass

    open_ones = Document.objects.exclude(status__in=("PAID", "VOIDED", "DELETED"))
    assert not open_ones.filter(read_at__lt=clock() - timedelta(hours=1)).exists()


def test_nothing_is_read_anew_when_less_than_half_of_the_day_is_left(linked: Linked) -> None:
    linked.sweep()
    check(linked)
    let_a_day_pass(linked)
    headers = {"X-DayLimit-Remaining": "2000"}
    linked.world.fail("/api.xro/", times=-1, headers=headers)
    linked.sweep()

    assert round_of(linked) == 0
