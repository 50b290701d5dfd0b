"""Lists of which Xero cannot give one row: it answers with an error wherever that row is on a page.

Whatever reads the list goes around it, says that it is missing, and looks for it again every day.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from connected_apps.models import Connection
from invoices.models import Contact
from tests.support import builders, valkey_flush
from tests.support.daily_checks import check
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, end_first, log, request
from tests.support.xero_documents import pay_something_unannounced
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, QuarantinedDocument, RunState, SyncRun
from xero_sync.sweeps import sweeper

HTML = {"status": 500}
NONSENSE = {"status": 200, "body": "{"}


def break_rows(linked: Linked, path: str, *ids: str, answer: dict[str, Any] | None = None) -> None:
    """Let Xero answer with an error for every page below a path that holds one of these rows."""
    match = {"path": f"/{path}$", "holds": "|".join(ids)}
    linked.world.do("faults", match=match, times=-1, answer=answer or HTML)


def invoices_of(linked: Linked) -> list[str]:
    """Return the ids of the sales invoices in Xero, as its lists order them."""
    return sorted(xero_id for kind, xero_id in theirs(linked) if kind == "INVOICE")


def let_a_minute_pass(linked: Linked) -> None:
    """Let as many calls be made as at the start, by either side's books."""
    valkey_flush.forget_all()
    linked.world.do("clock", advance_seconds=60)


def sweep(linked: Linked, *, turns: int = 4) -> None:
    """Take turns of sweeping whatever is due, without the pauses after a failure."""
    for _ in range(turns):
        let_a_minute_pass(linked)
        Cursor.objects.filter(attempts__gt=0).update(next_due_at=clock())
        sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock)


def sweep_all(linked: Linked, *, turns: int = 4) -> None:
    """Sweep every resource from its beginning, as often as it takes."""
    Cursor.objects.update(swept_through=None)
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    sweep(linked, turns=turns)


def work_patiently(linked: Linked, run: SyncRun) -> SyncRun:
    """Work on a run to its end, without the pauses after a failure."""
    for _ in range(12):
        linked.work(run)
        if not run.is_open:
            break
        let_a_minute_pass(linked)
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    return run


@pytest.mark.parametrize("answer", [HTML, NONSENSE])
@pytest.mark.parametrize("place", [0, 301, -1])
def test_sweep_stores_everything_but_the_row(
    linked: Linked, place: int, answer: dict[str, Any]
) -> None:
    broken = invoices_of(linked)[place]
    break_rows(linked, "Invoices", broken, answer=answer)

    sweep_all(linked)

    everything = theirs(linked)
    assert ours(linked) == {
        place: row for place, row in everything.items() if place != ("INVOICE", broken)
    }
    cursor = Cursor.objects.get(resource="INVOICE")
    assert (cursor.problem, cursor.attempts) == ("", 0)
    assert cursor.swept_through is not None
    one = QuarantinedDocument.objects.get()
    assert (one.resource, one.number) == ("INVOICE", "number not known")
    assert "Xero answers with an error wherever it is asked for this" in one.reason
    assert Connection.objects.get().problem_count == 1


@pytest.mark.parametrize("place", [0, 301, -1])
def test_run_ends_and_says_that_one_is_missing(linked: Linked, place: int) -> None:
    end_first(linked)
    broken = invoices_of(linked)[place]
    break_rows(linked, "Invoices", broken)

    run = work_patiently(linked, ask(linked))

    assert (run.state, run.reason) == (
        RunState.DONE_WITH_PROBLEMS,
        "Invoices: 1 could not be saved",
    ), log(run)
    step = run.steps.get(resource="INVOICE")
    assert (step.xero_count, step.our_count, step.missing_count) == (696, 695, 1)
    assert ("INVOICE", broken) not in ours(linked)
    assert len(ours(linked)) == len(theirs(linked)) - 1


def test_run_names_a_document_that_is_here_as_it_was_before(linked: Linked) -> None:
    linked.sweep()
    broken = invoices_of(linked)[301]
    number = next(one["number"] for one in linked.books()["documents"] if one["xero_id"] == broken)
    break_rows(linked, "Invoices", broken)

    run = work_patiently(linked, ask(linked))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == (
        "Invoices: 1 could not be saved; "
        f"Invoice {number} is here as it was before: Xero answers with an error when asked for it"
    )
    step = run.steps.get(resource="INVOICE")
    assert (step.xero_count, step.our_count, step.missing_count) == (696, 696, 0)


def test_several_rows_are_passed_over_one_by_one(linked: Linked) -> None:
    ids = invoices_of(linked)
    broken = {ids[10], ids[11], ids[400]}
    break_rows(linked, "Invoices", *broken)

    sweep_all(linked, turns=8)

    assert QuarantinedDocument.objects.count() == 3
    here = {xero_id for kind, xero_id in ours(linked) if kind == "INVOICE"}
    assert set(ids) - here == broken


def test_contact_that_xero_cannot_give_keeps_no_document_waiting(linked: Linked) -> None:
    contacts = sorted(one["contact_id"] for one in linked.books()["contacts"])
    break_rows(linked, "Contacts", contacts[77])

    sweep_all(linked, turns=6)

    assert ours(linked).keys() == theirs(linked).keys()
    stored = {str(one) for one in Contact.objects.values_list("xero_id", flat=True)}
    assert set(contacts) - stored == {contacts[77]}
    check(linked)
    cursor = Cursor.objects.get(resource="CONTACT")
    assert (cursor.count_in_xero, cursor.count_here) == (len(contacts), len(contacts))
    assert cursor.count_missing == 1


def test_what_changes_while_a_run_reads_is_pulled_around_a_row(linked: Linked) -> None:
    linked.sweep()
    run = ask(linked)
    changed = pay_something_unannounced(linked)
    break_rows(linked, "Invoices", changed)

    work_patiently(linked, run)

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert "could not be saved" in run.reason


def test_outage_passes_over_nothing(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", times=-1, status=500)

    before = linked.world.calls("/invoices")
    sweep_all(linked, turns=6)

    assert linked.world.calls("/invoices") - before <= 18
    cursor = Cursor.objects.get(resource="INVOICE")
    assert (cursor.page_size, cursor.next_page) == (1000, 1)
    assert "Xero is not answering" in cursor.problem
    assert not QuarantinedDocument.objects.exists()
    linked.world.heal()
    sweep(linked)
    assert ours(linked) == theirs(linked)


def test_outage_below_pages_of_one_row_passes_over_nothing(linked: Linked) -> None:
    Cursor.objects.filter(resource="INVOICE").update(page_size=1)
    linked.world.fail("/api.xro/2.0/Invoices", times=-1, status=500)

    sweep_all(linked, turns=4)

    assert not QuarantinedDocument.objects.exists()
    assert Cursor.objects.get(resource="INVOICE").next_page == 1


def test_failure_that_comes_once_makes_no_page_smaller(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", times=1, status=500)

    sweep_all(linked)

    assert ours(linked) == theirs(linked)
    assert Cursor.objects.get(resource="INVOICE").page_size == 1000
    assert not QuarantinedDocument.objects.exists()


def test_row_is_looked_for_every_day_and_comes_once_xero_gives_it(linked: Linked) -> None:
    broken = invoices_of(linked)[301]
    break_rows(linked, "Invoices", broken)
    sweep_all(linked)
    end_first(linked)
    # Counted as missing, and the numbers agree.
    assert check(linked) == []
    yesterday = clock() - timedelta(hours=21)
    QuarantinedDocument.objects.update(last_tried_at=yesterday)
    let_a_minute_pass(linked)

    (run,) = check(linked)
    work_patiently(linked, run)

    assert "1 could not be saved" in run.reason
    assert QuarantinedDocument.objects.count() == 1
    let_a_minute_pass(linked)
    assert check(linked) == []
    assert Cursor.objects.get(resource="INVOICE").count_missing == 1
    linked.world.heal()
    QuarantinedDocument.objects.update(last_tried_at=yesterday)
    let_a_minute_pass(linked)
    (run,) = check(linked)
    work_patiently(linked, run)
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    assert not QuarantinedDocument.objects.exists()


def test_row_that_two_lists_met_is_missing_once(linked: Linked) -> None:
    broken = invoices_of(linked)[301]
    break_rows(linked, "Invoices", broken)
    sweep_all(linked)
    # In a shorter list another row comes behind it.
    day = next(one["date"] for one in linked.books()["documents"] if one["xero_id"] == broken)
    run = ask(linked)
    SyncRun.objects.filter(pk=run.pk).update(date_from=day, date_to=day)
    run.steps.update(date_from=day, date_to=day)
    work_patiently(linked, run)
    assert QuarantinedDocument.objects.filter(resource="INVOICE").count() == 2
    let_a_minute_pass(linked)

    check(linked)

    cursor = Cursor.objects.get(resource="INVOICE")
    assert (cursor.count_in_xero, cursor.count_here, cursor.count_missing) == (696, 696, 1)


def test_change_that_xero_could_not_give_is_looked_for_although_no_count_differs(
    linked: Linked,
) -> None:
    linked.sweep()
    changed = pay_something_unannounced(linked)
    break_rows(linked, "Invoices", changed)
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    sweep(linked)
    assert QuarantinedDocument.objects.count() == 1
    assert check(linked) == []
    cursor = Cursor.objects.get(resource="INVOICE")
    assert (cursor.count_in_xero, cursor.count_here, cursor.count_missing) == (696, 696, 0)
    assert ours(linked) != theirs(linked)
    linked.world.heal()
    QuarantinedDocument.objects.update(last_tried_at=clock() - timedelta(hours=21))
    let_a_minute_pass(linked)

    (run,) = check(linked)
    # It reads what changed these days, and not the documents of these days.
    today = datetime.now(linked.portal.zone).date().isoformat()
    by_person = request(linked, today, today)
    assert by_person != run
    run.refresh_from_db()
    assert run.is_open
    work_patiently(linked, run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    assert not QuarantinedDocument.objects.exists()


def test_contact_comes_once_xero_gives_it(linked: Linked) -> None:
    contacts = sorted(one["contact_id"] for one in linked.books()["contacts"])
    break_rows(linked, "Contacts", contacts[0])
    sweep_all(linked, turns=6)
    end_first(linked)
    linked.world.heal()
    QuarantinedDocument.objects.update(last_tried_at=clock() - timedelta(hours=21))
    let_a_minute_pass(linked)

    check(linked)
    sweep(linked)

    assert {str(one) for one in Contact.objects.values_list("xero_id", flat=True)} == set(contacts)
    assert not QuarantinedDocument.objects.exists()


def test_page_of_reports_names_what_xero_cannot_give(linked: Linked) -> None:
    broken = invoices_of(linked)[5]
    break_rows(linked, "Invoices", broken)
    sweep_all(linked)

    page = builders.client_of(linked.manager).get("/reports/0442/").content.decode()

    assert "number not known" in page
    assert "Xero answers with an error wherever it is asked for this" in page


def test_row_that_leaves_the_list_meanwhile_does_not_stop_the_walk(linked: Linked) -> None:
    """Its count falls, so the page is asked for again, and so is one before it."""
    end_first(linked)
    ids = invoices_of(linked)
    break_rows(linked, "Invoices", ids[301])
    run = ask(linked)
    step = run.steps.get(resource="INVOICE")
    # As it stands when 301 rows were read, and the list has lost one of them since.
    step.page_size, step.next_page, step.page_count, step.item_count = 1, 302, 697, 697
    step.save()

    work_patiently(linked, run)

    assert (run.state, run.reason) == (
        RunState.DONE_WITH_PROBLEMS,
        "Invoices: 1 could not be saved",
    ), log(run)
