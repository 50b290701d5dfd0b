"""What a re-sync proves, and what it mends on the way: columns, sums, documents."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from invoices.models import Document
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import run_progress


@pytest.mark.parametrize(
    "spoiled",
    [
        {"total": Decimal("0.01")},
        {"amount_due": Decimal("0.01")},
        {"status": "VOIDED"},
        {"due_date": None},
    ],
)
def test_column_that_was_altered_here_is_put_right(
    resynced: Linked, spoiled: dict[str, Any]
) -> None:
    first = Document.objects.filter(kind="INVOICE", status="AUTHORISED").order_by("pk")[0]
    Document.objects.filter(pk=first.pk).update(**spoiled)
    assert ours(resynced) != theirs(resynced)

    run = resynced.work(ask(resynced))

    assert run.state == RunState.DONE
    assert run_progress.progress_of(run).changed == 1
    assert ours(resynced) == theirs(resynced)


@pytest.fixture
def leaking(linked: Linked) -> Iterator[str]:
    """Give the number of an invoice of which the database keeps a cent too little."""
    number = next(one["number"] for one in linked.books()["documents"] if one["type"] == "ACCREC")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.total := NEW.total - 0.01; RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER leak BEFORE INSERT OR UPDATE ON invoices_document FOR EACH ROW"
            f" WHEN (NEW.number = '{number}') EXECUTE FUNCTION leak()"
        )
    yield number
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION leak CASCADE")


def test_sum_that_cannot_be_mended_is_told_by_document_number(linked: Linked, leaking: str) -> None:
    run = linked.work(ask(linked))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert f"Invoice {leaking} comes to AUD " in run.reason
    assert "is stored" in run.reason
    kinds = run_progress.progress_of(run).kinds
    assert [kind.label for kind in kinds if kind.stage == run_progress.Stage.DIFFERS] == [
        "Invoices"
    ]


def test_list_that_tells_no_count_is_read_once_and_said_to_be_unproved(linked: Linked) -> None:
    run = ask(linked)
    linked.world.fail(
        "/api.xro/2.0/CreditNotes",
        times=3,
        status=200,
        body='{"CreditNotes":[]}',
        headers={"Content-Type": "application/json"},
    )
    before = linked.world.calls("2.0/creditnotes")

    linked.work(run)

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == "Credit notes: Xero gave no count to compare with"
    # Its one page, the closing sweep, and Xero's count, which is still not told.
    assert linked.world.calls("2.0/creditnotes") - before == 3


def test_figures_are_those_of_the_reading_that_healed(linked: Linked) -> None:
    linked.world.fail(
        "/api.xro/2.0/Invoices",
        status=200,
        body='{"pagination":{"page":1,"pageSize":1000,"pageCount":1,"itemCount":9},"Invoices":[]}',
        headers={"Content-Type": "application/json"},
    )

    healed = linked.work(ask(linked))

    assert any("counts differ, reading them once more" in line.text for line in healed.lines.all())
    assert run_progress.progress_of(healed).new == len(theirs(linked))
    assert run_progress.progress_of(healed).unchanged == 0
    assert _figures(healed) == _figures(linked.work(ask(linked)))


def _figures(run: SyncRun) -> tuple[Any, ...]:
    progress = run_progress.progress_of(run)
    sums = [(kind.label, kind.totals) for kind in progress.kinds]
    return run.state, progress.read, progress.total, sums
