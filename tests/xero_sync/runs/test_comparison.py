"""One answer to whether what is stored differs from Xero, wherever it is shown."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from lrm.models import Notice, User
from tests.support import builders, page_reading, valkey_flush
from tests.support.bad_documents import invoice, serve
from tests.support.daily_checks import check
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE, ask, end_first
from xero_sync.models import QuarantinedDocument, RunState, SyncRun, SyncStep
from xero_sync.resources import Resource
from xero_sync.runs import comparison, run_requests
from xero_sync.store import currency_totals

CARD = "/settings/connected-apps/"
# The day of the made-up invoices.
DAY = date(2026, 3, 1)
JSON = {"Content-Type": "application/json"}
COUNT_TOO = {"COUNT", "QUARANTINED"}
CENT = {"AUD": currency_totals.Both(Decimal("1000.00"), Decimal("1000.01"))}


def shown(linked: Linked, address: str) -> str:
    """Return the words of a page."""
    html = builders.client_of(linked.manager).get(address).content.decode()
    return page_reading.text_of(html.partition("<main")[2])


def notices_of(person: User) -> int:
    """Return of how much a person was told."""
    return Notice.objects.filter(user=person).count()


def reread(linked: Linked) -> SyncRun:
    """Re-sync the day of the made-up invoices as the daily count does."""
    valkey_flush.forget_all()
    days = (DAY - timedelta(days=2), DAY + timedelta(days=2))
    run = run_requests.request_heal(connection=linked.connection, window=days, now=clock())
    return linked.work(run)


def test_both_pages_tell_a_document_that_is_only_set_aside_from_one_that_is_stored(
    linked: Linked,
) -> None:
    serve(linked, invoice(1), invoice(2, Total="a lot"))
    linked.sweep()

    assert "Invoices 2 1 Differs" in shown(linked, PAGE)
    assert "2 documents in Xero, 1 here and 1 could not be saved" in shown(linked, CARD)

    assert check(linked) == []
    assert "2 documents in Xero, 1 here and 1 could not be saved" in shown(linked, CARD)

    serve(linked, invoice(1), invoice(2))
    assert linked.work(ask(linked)).state == RunState.DONE
    assert check(linked) == []
    assert "2 documents in Xero, 2 here ·" in shown(linked, CARD)


def test_document_that_was_told_to_be_set_aside_is_no_news_as_one_that_is_missing(
    linked: Linked,
) -> None:
    end_first(linked)
    broken = [invoice(1), invoice(2, Total="a lot")]
    serve(linked, *broken)
    # Xero counts one more than it lists.
    figures = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": 3}
    body = json.dumps({"pagination": figures, "Invoices": broken})
    linked.world.fail("/2.0/Invoices", times=-1, status=200, headers=JSON, body=body)
    assert "Xero has 3, here 1" in reread(linked).reason
    assert notices_of(linked.manager) == 1

    linked.world.heal()
    SyncRun.objects.update(finished_at=clock() - timedelta(days=1))
    assert reread(linked).reason == "Invoices: 1 could not be saved"

    assert QuarantinedDocument.objects.count() == 1
    assert notices_of(linked.manager) == 1


def test_difference_that_stays_is_no_news_when_another_one_is_gone(linked: Linked) -> None:
    linked.sweep()
    ghost = store_ghost(linked, "GHOST-1")
    other = store_ghost(linked, "GHOST-2")
    other.kind = "CREDIT_NOTE"
    other.save()
    Notice.objects.all().delete()
    mail.outbox.clear()
    assert heal(linked, ghost, days=2).state == RunState.DONE_WITH_PROBLEMS
    assert notices_of(linked.manager) == 1

    other.delete()
    SyncRun.objects.update(finished_at=clock() - timedelta(days=1))
    assert "GHOST-1" in heal(linked, ghost, days=2).reason

    assert notices_of(linked.manager) == 1


def test_windows_whose_sums_differ_both_ways_are_not_complete(linked: Linked) -> None:
    linked.sweep()
    run = SyncRun.objects.get()
    step = run.steps.get(resource="INVOICE")
    step.totals = {"AUD": ["10.00", "9.99"]}
    step.save()
    step.pk, step.date_from, step.totals = None, DAY, {"AUD": ["10.00", "10.01"]}
    step.save(force_insert=True)
    run.steps.filter(resource="INVOICE").update(xero_count=348, our_count=348)

    assert "Invoices 696 696 Differs AUD 20.00" in shown(linked, PAGE)


@pytest.mark.parametrize(
    ("figures", "differences", "surplus"),
    [
        ({"in_xero": 5, "stored": 5}, set(), 0),
        ({"in_xero": 5, "stored": 4, "missing": 1, "quarantined": 1}, {"QUARANTINED"}, 0),
        ({"in_xero": 5, "stored": 5, "missing": 0, "quarantined": 1}, {"QUARANTINED"}, 0),
        ({"in_xero": 5, "stored": 3, "missing": 1, "quarantined": 1}, COUNT_TOO, -1),
        ({"in_xero": 5, "stored": 5, "missing": 1, "quarantined": 1}, COUNT_TOO, 1),
        ({"in_xero": None, "stored": 5}, {"NO_COUNT"}, None),
        ({"in_xero": 0, "stored": 0}, set(), 0),
        ({"in_xero": 5, "stored": 5, "sums": CENT}, {"SUMS"}, 0),
        ({"in_xero": 5, "stored": 5, "named": ["Invoice INV-1 is odd"]}, {"NAMED"}, 0),
    ],
)
def test_what_differs_is_found_told_and_counted_alike(
    figures: dict[str, Any], differences: set[str], surplus: int | None
) -> None:
    compared = comparison.of_figures(Resource.INVOICE, **{"missing": 0, **figures})

    assert {one.name for one in compared.differences} == differences
    assert compared.surplus == surplus
    assert bool(comparison.problems_of(compared)) == bool(differences)
    assert bool(comparison.lasting_words_of(compared)) == bool(differences)


def test_end_of_a_run_says_everything_that_differs() -> None:
    compared = comparison.of_figures(
        Resource.INVOICE,
        in_xero=5,
        stored=3,
        missing=1,
        quarantined=1,
        sums={**CENT, "NZD": currency_totals.Both(Decimal(1), Decimal(1))},
        named=["Invoice INV-1 is odd"],
    )

    assert comparison.problems_of(compared) == [
        "Invoices: Xero has 5, here 3",
        "Invoices: 1 could not be saved",
        "Invoices: Xero has AUD 1,000.00, here 1,000.01",
        "Invoice INV-1 is odd",
    ]


def test_what_lasts_is_told_by_figures_and_in_names_where_there_are_any() -> None:
    figures: dict[str, Any] = {"in_xero": 5, "stored": 3, "missing": 1, "quarantined": 1}
    figures["sums"] = {**CENT, "NZD": currency_totals.Both(Decimal(1), Decimal(1))}

    told = comparison.of_figures(Resource.INVOICE, **figures)
    named = comparison.of_figures(Resource.INVOICE, **figures, named=["Invoice INV-1 is odd"])
    uncounted = comparison.of_figures(Resource.INVOICE, in_xero=None, stored=None, missing=0)

    aside = "INVOICE: set aside 1"
    assert comparison.lasting_words_of(told) == {aside, "INVOICE: -1", "INVOICE: AUD +0.01"}
    assert comparison.lasting_words_of(named) == {aside, "Invoice INV-1 is odd"}
    assert comparison.lasting_words_of(uncounted) == {"INVOICE: not counted"}


def test_counts_are_told_together_and_each_kind_that_is_odd() -> None:
    kinds = [
        comparison.of_figures(Resource.INVOICE, in_xero=1005, stored=1004, missing=0),
        comparison.of_figures(Resource.CREDIT_NOTE, in_xero=None, stored=2, missing=0),
        comparison.of_figures(Resource.OVERPAYMENT, in_xero=1, stored=3, missing=0),
        comparison.of_figures(Resource.PREPAYMENT, in_xero=2, stored=1, missing=1, quarantined=1),
    ]

    assert comparison.counts_in_words(kinds) == (
        "1,008 documents in Xero, 1,008 here and 1 could not be saved: 1 of the invoices is missing"
        " here; Xero gave no count of credit notes; 2 more of the overpayments are here than in"
        " Xero"
    )
    assert comparison.counts_in_words(kinds[3:], of="drafts") == (
        "2 drafts in Xero, 1 here and 1 could not be saved"
    )


def test_window_with_one_too_many_makes_up_for_none_with_one_too_few() -> None:
    steps = [
        SyncStep(resource="INVOICE", xero_count=in_xero, our_count=3 - in_xero)
        for in_xero in (1, 2)
    ]

    whole = comparison.of_windows(Resource.INVOICE, steps)

    assert (whole.in_xero, whole.stored, whole.missing, whole.quarantined) == (3, 3, 0, 0)
    assert whole.differences == {comparison.Difference.COUNT}
    steps[0].our_count = None
    assert comparison.of_windows(Resource.INVOICE, steps).stored is None
