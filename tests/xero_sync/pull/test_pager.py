"""Sweeps and re-syncs against the simulator's own books."""

from datetime import date

import pytest

from invoices.models import Contact, Document
from tests.support.linked import Linked
from tests.support.mirror import SALES, ours, theirs
from tests.support.resyncs import ask
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import date_ranges, run_progress


@pytest.fixture
def resynced(linked: Linked) -> Linked:
    """Give a portal whose every document was re-synced."""
    assert linked.work(ask(linked)).state == RunState.DONE
    return linked


def test_first_sweep_stores_every_sales_document_and_contact(linked: Linked) -> None:
    linked.sweep()

    assert ours(linked) == theirs(linked)
    contacts = {str(one.xero_id): one.name for one in Contact.objects.all()}
    assert contacts == {one["contact_id"]: one["name"] for one in linked.books()["contacts"]}


def test_resync_stores_every_document_and_verifies_it(linked: Linked) -> None:
    run = linked.work(ask(linked))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    kinds = run_progress.progress_of(run).kinds
    assert len(kinds) == 4
    assert all(kind.stage == run_progress.Stage.COMPLETE and kind.totals for kind in kinds)
    assert sum(kind.xero_count or 0 for kind in kinds) == len(theirs(linked))


def test_resync_reads_every_list_once_and_sweeps_it_once(linked: Linked) -> None:
    run = ask(linked)
    lists = ("invoices", "creditnotes", "overpayments", "prepayments")
    before = {name: linked.world.calls(f"2.0/{name}") for name in lists}

    assert linked.work(run).state == RunState.DONE

    # All of a kind fit one page; the next kind's is asked for while this one's is written.
    assert {
        name: linked.world.calls(f"2.0/{name}") - before[name] for name in lists
    } == dict.fromkeys(lists, 2)


def test_kind_that_fails_holds_up_no_other(linked: Linked) -> None:
    run = ask(linked)
    linked.world.fail("/CreditNotes", status=500)

    assert linked.work(run).state == RunState.PAUSED

    steps = {step.resource: step for step in run.steps.all()}
    assert (steps["CREDIT_NOTE"].done_at, steps.pop("CREDIT_NOTE").read_count) == (None, 0)
    assert all(step.done_at and step.read_count == step.item_count for step in steps.values())
    SyncRun.objects.update(not_before=None)
    assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_list_that_is_rejected_however_short_costs_few_calls(linked: Linked) -> None:
    run = ask(linked)
    linked.world.fail("/CreditNotes", times=-1, status=400, body='{"ErrorNumber":16}')
    before = linked.world.calls("2.0/creditnotes")

    assert linked.work(run).state == RunState.PAUSED

    assert linked.world.calls("2.0/creditnotes") - before < 20
    assert not run.steps.exclude(resource="CREDIT_NOTE").filter(done_at=None).exists()
    linked.world.heal()
    SyncRun.objects.update(not_before=None)
    assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_resync_of_a_range_stores_only_its_days(linked: Linked) -> None:
    run = linked.work(ask(linked, days=90))

    first = run.date_from.isoformat()
    wanted = {key: row for key, row in theirs(linked).items() if first <= row[2]}
    assert 0 < len(wanted) < len(theirs(linked))
    assert {key: row for key, row in ours(linked).items() if first <= row[2]} == wanted


def test_second_resync_rewrites_nothing(resynced: Linked) -> None:
    before = dict(Document.objects.values_list("pk", "synced_at"))

    run = resynced.work(ask(resynced))

    figures = run_progress.progress_of(run)
    assert (figures.new, figures.changed, figures.unchanged) == (0, 0, len(before))
    assert dict(Document.objects.values_list("pk", "synced_at")) == before


def test_supplier_bills_are_never_stored(resynced: Linked) -> None:
    kept = {str(one) for one in Document.objects.values_list("xero_id", flat=True)}

    purchases = [one for one in resynced.books()["documents"] if one["type"] not in SALES]
    assert purchases
    assert not kept & {one["xero_id"] for one in purchases}


def test_change_is_swept_into_place(resynced: Linked) -> None:
    resynced.sweep()
    invoice = next(
        one
        for one in resynced.books()["documents"]
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
    )
    resynced.world.do("documents", tenant=resynced.tenant, act="pay", id=invoice["xero_id"])

    resynced.sweep()

    assert Document.objects.get(xero_id=invoice["xero_id"]).status == "PAID"
    assert ours(resynced) == theirs(resynced)


def test_line_items_and_allocations_come_with_their_document(resynced: Linked) -> None:
    wanted = {
        one["xero_id"]: one["line_items"]
        for one in resynced.books()["documents"]
        if one["type"] == "ACCREC"
    }

    counted = {
        str(one.xero_id): one.line_items.count()
        for one in Document.objects.filter(kind="INVOICE").prefetch_related("line_items")
    }
    assert counted == wanted


def test_resync_refuses_a_range_at_the_field_at_fault() -> None:
    today = date(2026, 3, 31)
    learners, documents = RunWhat.LEARNERS, RunWhat.DOCUMENTS

    # Documents may be dated ahead, and any number of years back.
    date_ranges.check_range(
        date_from=date(1066, 1, 1), date_to=date(2999, 1, 1), today=today, what=documents
    )
    for date_from, date_to, field in [
        (date(2026, 3, 2), date(2026, 3, 1), "date_to"),
        (date(2026, 4, 1), date(2026, 4, 2), "date_from"),
        (date(2026, 3, 1), date(2026, 4, 1), "date_to"),
        (date(2015, 1, 1), date(2026, 3, 1), "date_from"),
    ]:
        with pytest.raises(date_ranges.BadRange) as refusal:
            date_ranges.check_range(
                date_from=date_from, date_to=date_to, today=today, what=learners
            )
        assert refusal.value.field == field
