"""One event that cannot be fetched holds up no other; an outage does not multiply calls."""

from typing import Any

import pytest

from invoices.models import Document
from tests.support.linked import Linked
from tests.support.passing import Time
from tests.support.webhook_events import fetch, tell
from tests.support.xero_documents import invoice_ids
from xero_sync.models import EventState, Inbox, WebhookEvent
from xero_sync.webhooks import event_fetcher

NONSENSE = '{"Invoices": 7}'


def fail_for(linked: Linked, invoice_id: str, **answer: Any) -> None:
    """Let every call that names this invoice go wrong."""
    match = {"path": "/Invoices", "query": f"IDs=.*{invoice_id}"}
    linked.world.do("faults", match=match, times=-1, answer=answer)


def state_of(invoice_id: str) -> str:
    """Return what became of the event on this invoice."""
    return WebhookEvent.objects.get(resource_id=invoice_id).state


@pytest.mark.parametrize(
    "answer",
    [{"status": 500}, {"status": 418}, {"status": 200, "body": NONSENSE}, {"cut": "before"}],
)
def test_one_that_fails_for_ever_holds_up_no_other_and_is_left_to_the_sweep(
    linked: Linked, answer: dict[str, Any]
) -> None:
    now = Time()
    bad, later, *others = invoice_ids(linked, 40)
    fail_for(linked, bad, **answer)
    for invoice_id in (bad, *others):
        tell(linked, "INVOICE", invoice_id, now)
    before = linked.world.calls("/api.xro/")

    fetch(linked, now)

    # The batch, one to see whether Xero answers, and two for each time it is cut in half.
    assert linked.world.calls("/api.xro/") - before <= 2 + 2 * 6
    assert {state_of(one) for one in others} == {EventState.DONE}
    assert (state_of(bad), WebhookEvent.objects.get(resource_id=bad).attempts) == (
        EventState.PENDING,
        1,
    )
    assert Inbox.objects.get().attempts == 0
    now.pass_by(60)
    tell(linked, "INVOICE", later, now)
    fetch(linked, now)
    assert state_of(later) == EventState.DONE

    for _ in range(event_fetcher.GIVE_UP_AFTER):
        now.pass_by(600)
        fetch(linked, now)

    given_up = WebhookEvent.objects.get(resource_id=bad)
    assert given_up.state == EventState.IGNORED
    assert "left to the sweep" in given_up.note
    assert fetch(linked, now) is None
    linked.world.heal()
    linked.sweep()
    assert Document.objects.filter(xero_id=bad).exists()


def test_put_off_event_rings_again_and_is_fetched_when_xero_has_mended_it(linked: Linked) -> None:
    now = Time()
    (bad,) = invoice_ids(linked, 1)
    fail_for(linked, bad, status=500)
    tell(linked, "INVOICE", bad, now)

    delay = fetch(linked, now)

    assert delay is not None
    assert fetch(linked, now) == delay
    linked.world.heal()
    now.pass_by(delay.total_seconds())
    assert fetch(linked, now) is None
    assert state_of(bad) == EventState.DONE


def test_several_that_fail_are_each_found(linked: Linked) -> None:
    now = Time()
    named = invoice_ids(linked, 40)
    for bad in named[::13]:
        fail_for(linked, bad, status=500)
    for invoice_id in named:
        tell(linked, "INVOICE", invoice_id, now)

    for _ in range(12):
        fetch(linked, now)
        now.pass_by(300)

    assert {one for one in named if state_of(one) != EventState.DONE} == set(named[::13])


@pytest.mark.parametrize(
    ("answer", "calls"),
    [({"status": 500}, 2), ({"cut": "before"}, 2), ({"named": "maintenance"}, 1)],
)
def test_outage_costs_two_calls_a_try_and_puts_off_no_event_by_itself(
    linked: Linked, answer: dict[str, Any], calls: int
) -> None:
    now = Time()
    for invoice_id in invoice_ids(linked, 80):
        tell(linked, "INVOICE", invoice_id, now)
    linked.world.do("faults", match={"path": "/api.xro/"}, times=-1, answer=answer)
    before = linked.world.calls("/api.xro/")

    for tries in (1, 2, 3):
        assert fetch(linked, now) is not None
        assert Inbox.objects.get().attempts == tries
        now.pass_by(600)

    assert linked.world.calls("/api.xro/") - before == 3 * calls
    assert not WebhookEvent.objects.exclude(attempts=0, not_before=None).exists()
    linked.world.heal()
    fetch(linked, now)
    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()


def test_half_an_outage_costs_few_calls(linked: Linked) -> None:
    """Whatever is asked for by id fails, while what was modified since is listed."""
    now = Time()
    for invoice_id in invoice_ids(linked, 80):
        tell(linked, "INVOICE", invoice_id, now)
    fail_for(linked, "", status=500)
    before = linked.world.calls("/api.xro/")

    assert fetch(linked, now) is not None

    assert linked.world.calls("/api.xro/") - before == 2 + event_fetcher.IN_VAIN
    assert Inbox.objects.get().attempts == 1


def test_document_that_spoils_the_list_of_a_storm_holds_up_no_other(linked: Linked) -> None:
    now = Time()
    now.now = now.now.replace(microsecond=0)
    bad, *others = invoice_ids(linked, 90)
    match = {"path": "/Invoices", "query": f"^(?!.*pageSize=1(&|$))(?!.*IDs)|{bad}"}
    linked.world.do("faults", match=match, times=-1, answer={"status": 500})
    for invoice_id in (bad, *others):
        tell(linked, "INVOICE", invoice_id, now)

    fetch(linked, now)

    assert {state_of(one) for one in others} == {EventState.DONE}
    assert state_of(bad) == EventState.PENDING
