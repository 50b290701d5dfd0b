"""A list that Xero rejects costs few calls, stops no other kind, is cut only where it helps."""

from collections import Counter
from typing import Any

import pytest

from invoices.models import Document
from tests.support.daily_checks import check
from tests.support.linked import Linked
from tests.support.passing import Time
from tests.support.resyncs import ask
from xero_sync.maintenance import daily_check
from xero_sync.models import Cursor, SyncRun
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper

UNREADABLE = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"Unexpected property"}'
GUARD = (
    '{"ErrorNumber":10,"Type":"ValidationException","Message":"Your request is not filtering '
    'Invoices efficiently, given the extremely high volume for this organisation"}'
)
# As it was seen (freakboy3742/pyxero, issue 373): a bare sentence, in no form.
BARE_GUARD = (
    "Your request is not filtering Invoices efficiently, given the extremely high volume for this "
    "organisation"
)


def reject(linked: Linked, body: str, path: str = "/Invoices") -> None:
    """Let Xero reject every list of a kind."""
    kind = "application/json" if body.startswith("{") else "text/html; charset=utf-8"
    answer = {"status": 400, "body": body, "headers": {"Content-Type": kind}}
    linked.world.do("faults", match={"path": path}, times=-1, answer=answer)


def calls_while(linked: Linked, act: Any) -> Counter[str]:
    """Return how many calls of each kind an act makes."""
    before: list[dict[str, Any]] = linked.world.show("calls")
    act()
    made: list[dict[str, Any]] = linked.world.show("calls", since=before[-1]["n"])
    return Counter(one["path"].rsplit("/", 1)[1] for one in made if "/api.xro/" in one["path"])


@pytest.mark.parametrize(("body", "most"), [(UNREADABLE, 1), (GUARD, 10), (BARE_GUARD, 10)])
def test_run_reads_the_other_kinds_and_does_not_cut_in_vain(
    linked: Linked, body: str, most: int
) -> None:
    linked.sweep()
    Document.objects.all().delete()
    run = ask(linked)
    reject(linked, body)

    made = calls_while(linked, lambda: linked.work(run))

    assert made["Invoices"] <= most
    assert run.steps.filter(resource="INVOICE").count() == 1
    assert not run.steps.exclude(resource="INVOICE").filter(done_at=None).exists()
    assert Document.objects.filter(kind="CREDIT_NOTE").exists()
    said = SyncRun.objects.get(pk=run.pk).reason
    assert "for invoices" in said
    assert ("Unexpected property" if body == UNREADABLE else "extremely high volume") in said

    linked.world.heal()
    now = Time()
    now.pass_by(7200)
    while (delay := run_worker.work_on(run_id=run.pk, clock=now)) is not None:
        assert delay.total_seconds() == 0
    assert Document.objects.filter(kind="INVOICE").exists()


def test_pause_of_a_run_that_xero_rejects_grows(linked: Linked) -> None:
    linked.sweep()
    run = ask(linked)
    reject(linked, UNREADABLE)
    now = Time()
    delays = []

    for _ in range(5):
        delay = run_worker.work_on(run_id=run.pk, clock=now)
        assert delay is not None
        delays.append(delay)
        now.pass_by(delay.total_seconds() + 1)

    assert delays == sorted(set(delays))


@pytest.mark.parametrize("body", [UNREADABLE, GUARD, BARE_GUARD])
def test_daily_count_of_the_other_kinds_goes_on(linked: Linked, body: str) -> None:
    linked.sweep()
    reject(linked, body)

    made = calls_while(linked, lambda: check(linked))

    counted = Cursor.objects.filter(organisation=linked.organisation).exclude(counted_at=None)
    assert {one.resource for one in counted} == {
        *("CONTACT", "CREDIT_NOTE", "OVERPAYMENT", "PREPAYMENT")
    }
    assert made["Invoices"] <= 12
    # It stays due, and alone.
    again = calls_while(
        linked,
        lambda: daily_check.check(organisation_id=linked.organisation.pk, clock=_later(7200)),
    )
    assert set(again) <= {"Invoices"}


@pytest.mark.parametrize(("body", "most"), [(UNREADABLE, 1), (GUARD, 30), (BARE_GUARD, 30)])
def test_sweep_of_the_other_kinds_goes_on(linked: Linked, body: str, most: int) -> None:
    reject(linked, body)

    made = calls_while(linked, lambda: _sweep(linked))

    assert made["Invoices"] <= most
    swept = Cursor.objects.filter(organisation=linked.organisation).exclude(last_swept_at=None)
    assert {one.resource for one in swept} >= {"CREDIT_NOTE", "OVERPAYMENT", "PREPAYMENT"}


def _later(seconds: float) -> Time:
    now = Time()
    now.pass_by(seconds)
    return now


def _sweep(linked: Linked) -> None:
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=Time())
