"""No filter may hide a document: pull, count and mapping go by one table, and a count without it.

Xero's specification names more types of over- and prepayments than any recorded answer held.
"""

import copy
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import builders, webhook_posts
from tests.support.bad_documents import GOOD, invoice
from tests.support.daily_checks import check
from tests.support.linked import Linked
from tests.support.resyncs import ask
from xero_sync.models import Cursor, QuarantinedDocument, RunState


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let the keys be good that tests sign with."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS


def credit(collection: str, type: str, number: int, **changes: Any) -> dict[str, Any]:
    """Return an overpayment or prepayment as Xero's lists word it."""
    one = copy.deepcopy(GOOD)
    del one["InvoiceID"], one["InvoiceNumber"], one["AmountDue"]
    digit = {"Overpayments": "b", "Prepayments": "d"}[collection]
    one[f"{collection[:-1]}ID"] = f"{digit}0000000-0000-4000-8000-{number:012}"
    return {**one, "Type": type, "RemainingCredit": 110.00, **changes}


def serve(linked: Linked, **documents: list[dict[str, Any]]) -> None:
    """Let Xero have these documents and nothing else."""
    linked.world.do("replay", tenant=linked.tenant, documents=documents)


def all_spellings() -> dict[str, list[dict[str, Any]]]:
    """Return one of each type that the specification names, sales and purchases."""
    return {
        "Invoices": [invoice(1), invoice(2, Type="ACCPAY")],
        "Overpayments": [
            credit("Overpayments", type, number)
            for number, type in enumerate(
                ("RECEIVE-OVERPAYMENT", "AROVERPAYMENT", "SPEND-OVERPAYMENT", "APOVERPAYMENT")
            )
        ],
        "Prepayments": [
            credit("Prepayments", type, number)
            for number, type in enumerate(
                ("RECEIVE-PREPAYMENT", "ARPREPAYMENT", "SPEND-PREPAYMENT", "APPREPAYMENT")
            )
        ],
    }


def counted(linked: Linked) -> dict[str, tuple[int | None, int | None]]:
    rows = Cursor.objects.filter(organisation=linked.organisation).exclude(count_in_xero=None)
    return {row.resource: (row.count_in_xero, row.count_here) for row in rows}


def card_says(linked: Linked) -> str:
    page = builders.client_of(linked.manager).get("/settings/connected-apps/")
    return page.content.decode()


def test_both_spellings_of_a_sale_are_pulled_counted_and_verified(linked: Linked) -> None:
    serve(linked, **all_spellings())

    linked.sweep()

    assert Document.objects.filter(kind="OVERPAYMENT").count() == 2
    assert Document.objects.filter(kind="PREPAYMENT").count() == 2
    assert check(linked) == []
    assert counted(linked)["OVERPAYMENT"] == counted(linked)["PREPAYMENT"] == (2, 2)
    assert counted(linked)["INVOICE"] == (1, 1)
    assert not QuarantinedDocument.objects.exists()
    run = linked.work(ask(linked))
    assert run.state == RunState.DONE, run.reason


def test_xero_that_knows_one_spelling_only_is_read_by_that(linked: Linked) -> None:
    documents = all_spellings()
    documents["Overpayments"] = documents["Overpayments"][::2]
    serve(linked, **documents)
    body = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such value"}'
    linked.world.do(
        "faults",
        match={"path": "/Overpayments", "query": "APOVERPAYMENT|AROVERPAYMENT"},
        times=-1,
        answer={"status": 400, "body": body},
    )

    linked.sweep()

    assert Document.objects.filter(kind="OVERPAYMENT").count() == 1
    assert check(linked) == []
    assert counted(linked)["OVERPAYMENT"] == (1, 1)


def test_type_that_nobody_knew_is_told(linked: Linked) -> None:
    documents = all_spellings()
    documents["Overpayments"].append(credit("Overpayments", "GIFT-OVERPAYMENT", 9))
    serve(linked, **documents)
    linked.sweep()

    check(linked)

    assert counted(linked)["OVERPAYMENT"] == (2, 2)
    said = card_says(linked)
    assert "1 of the overpayments in Xero is neither a sale nor a purchase that is known" in said


def test_what_was_raised_between_two_counts_is_not_told(linked: Linked) -> None:
    serve(linked, **all_spellings())
    linked.sweep()
    check(linked)

    assert "neither a sale" not in card_says(linked)


@pytest.mark.parametrize("collection", ["Overpayments", "Prepayments"])
def test_what_belongs_to_another_list_is_no_fault(linked: Linked, collection: str) -> None:
    """`GET /Prepayments` was reported to give overpayments too."""
    other = {"Overpayments": "RECEIVE-PREPAYMENT", "Prepayments": "RECEIVE-OVERPAYMENT"}
    stranger = credit(collection, other[collection], 7)
    serve(linked, **{collection: [stranger]})
    linked.sweep()
    category = collection[:-1].upper()

    webhook_posts.deliver(webhook_posts.event(linked, category, stranger[f"{collection[:-1]}ID"]))
    linked.take_events()

    assert not QuarantinedDocument.objects.exists()
    assert not Document.objects.exists()
