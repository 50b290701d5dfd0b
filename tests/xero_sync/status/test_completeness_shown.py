"""When Xero's counts were last held against ours, and what is said where they differ."""

import io
import re
from datetime import timedelta

import pytest
from django.core.management import call_command

from connected_apps.card import card
from connected_apps.models import Connection
from invoices.models import Document
from tests.support import builders, valkey_flush
from tests.support.connections import ALL_WELL
from tests.support.daily_checks import check
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.xero_documents import pay_something_unannounced
from xero_sync.models import Cursor, RunState, SyncRun
from xero_sync.resources import Resource

CARD = "/settings/connected-apps/"


def shown(linked: Linked) -> str:
    """Return the words of the page with the Xero card."""
    html = builders.client_of(linked.manager).get(CARD).content.decode()
    return re.sub(r"(<[^>]*>|\s)+", " ", html.partition("<main")[2])


def status(linked: Linked) -> str:
    """Return what the operator's command says."""
    said = io.StringIO()
    call_command("xero_status", linked.portal.slug, stdout=said)
    return said.getvalue()


def look(linked: Linked) -> str:
    """Return the look of the card's state."""
    return card.card_of(portal=linked.portal, user=linked.manager, now=clock()).words.look


def test_card_and_command_say_when_it_was_counted_and_that_all_is_here(linked: Linked) -> None:
    linked.sweep()
    assert check(linked) == []

    page = shown(linked)
    assert "Checked against Xero 864 documents in Xero, 864 here ·" in page
    assert ALL_WELL in page
    counted_at = Cursor.objects.get(resource=Resource.PREPAYMENT).counted_at
    assert counted_at is not None
    assert "Checked against Xero: 864 documents in Xero, 864 here " in status(linked)


def test_before_the_first_daily_count_the_first_sync_is_the_proof(linked: Linked) -> None:
    assert "Checked against Xero Not yet" in shown(linked)

    linked.sweep()

    assert "Checked against Xero 864 documents in Xero, 864 here ·" in shown(linked)


def test_difference_is_told_by_kind_with_what_happens_next(linked: Linked) -> None:
    linked.sweep()
    Document.objects.filter(kind="INVOICE").order_by("date")[100].delete()
    (run,) = check(linked)
    valkey_flush.forget_all()

    page = shown(linked)
    assert "864 documents in Xero, 863 here: 1 of the invoices is missing here" in page
    assert "being read again now" in page
    assert ALL_WELL not in page
    assert look(linked) == "warn"
    assert "863 here" in status(linked)

    assert linked.work(run).state == RunState.DONE
    page = shown(linked)
    assert "The days that differed were read again since and are complete" in page
    assert ALL_WELL in page
    assert look(linked) == "ok"


def test_difference_that_stays_is_named_until_a_later_reading_finds_none(linked: Linked) -> None:
    linked.sweep()
    ghost = store_ghost(linked, "GHOST-1")
    (run,) = check(linked)
    valkey_flush.forget_all()
    assert linked.work(run).state == RunState.DONE_WITH_PROBLEMS

    page = shown(linked)
    assert "864 documents in Xero, 865 here: 1 more of the invoices is here than in Xero" in page
    assert "Invoice GHOST-1: no longer in Xero for these dates" in page
    assert ALL_WELL not in page
    assert look(linked) == "warn"
    assert "GHOST-1" in status(linked)
    home = builders.client_of(linked.manager).get("/").content.decode()
    assert "Some documents differ from Xero" in home

    Document.objects.filter(number="GHOST-1").delete()
    assert heal(linked, ghost, days=60).state == RunState.DONE
    page = shown(linked)
    assert "GHOST-1" not in page
    assert ALL_WELL in page


def test_later_count_that_agrees_ends_what_a_count_had_found(linked: Linked) -> None:
    linked.sweep()
    ghost = store_ghost(linked, "GHOST-1")
    heal(linked, ghost, days=2)
    assert ALL_WELL not in shown(linked)

    ghost.delete()
    assert check(linked) == []

    assert ALL_WELL in shown(linked)


def test_counting_does_not_end_a_sum_that_differs(linked: Linked) -> None:
    linked.sweep()
    run = SyncRun.objects.get(is_first=True)
    run.steps.filter(resource="INVOICE").update(totals={"AUD": ["10.00", "9.99"]})
    SyncRun.objects.update(
        state=RunState.DONE_WITH_PROBLEMS,
        reason="Invoices: Xero has AUD 10.00, here 9.99",
        finished_at=clock() - timedelta(hours=1),
    )
    assert check(linked) == []

    page = shown(linked)
    assert "864 documents in Xero, 864 here" in page
    assert "Invoices: Xero has AUD 10.00, here 9.99" in page
    assert ALL_WELL not in page


def test_what_is_set_aside_alone_is_no_difference(linked: Linked) -> None:
    """It has a state of its own."""
    linked.sweep()
    SyncRun.objects.get().steps.filter(resource="INVOICE").update(quarantined_count=1)
    SyncRun.objects.update(
        state=RunState.DONE_WITH_PROBLEMS, reason="Invoices: 1 could not be saved"
    )

    assert "Differs" not in shown(linked).replace("Differs from Xero", "Differs")


@pytest.mark.parametrize("state", ["CONNECTED", "PAUSED"])
def test_unhealthy_channel_leaves_no_word_of_nothing_to_do(linked: Linked, state: str) -> None:
    linked.sweep()
    pay_something_unannounced(linked)
    linked.sweep()
    Connection.objects.update(state=state)

    page = shown(linked)
    assert "Instant updates are not arriving for invoices" in page
    assert ALL_WELL not in page
    assert "Changes take up to a minute" in page
    assert look(linked) == "warn"


def test_card_says_when_the_count_of_calls_starts_again(linked: Linked) -> None:
    linked.sweep()

    said = r"Starts again (today|tomorrow) at \d+:\d\d [ap]m at the latest"
    assert re.search(said, shown(linked))
