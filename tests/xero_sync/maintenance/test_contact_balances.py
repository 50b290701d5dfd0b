"""What contacts owe by Xero's own figure, held against the documents here."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from invoices.models import Contact, Document
from tests.support import builders, limiting, valkey_flush
from tests.support.daily_checks import check
from tests.support.fixtures import SMALL_PAGE
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.passing import Time
from xero_sync import tasks
from xero_sync.maintenance import contact_balances
from xero_sync.models import BalanceCheck, BalanceDifference, Cursor
from xero_sync.status import balance_words

CARD = "/settings/connected-apps/"


def compare(linked: Linked) -> int:
    """Take a worker's turn at comparing now; return how many calls it made."""
    check(linked)
    BalanceCheck.objects.update(not_before=None)
    before = linked.world.calls("/api.xro/")
    tasks.compare_balances(linked.organisation.pk)
    return linked.world.calls("/api.xro/") - before


def compare_later(linked: Linked) -> None:
    """Compare once more, when earlier calls are no longer this minute's."""
    valkey_flush.forget_all()
    linked.world.do("clock", advance_seconds=61)
    compare(linked)


def told(linked: Linked) -> str:
    """Return what the card says of balances."""
    return " ".join(fact.value for fact in balance_words.facts_of(linked.organisation))


def someone_who_owes() -> tuple[Document, Contact]:
    """Return an approved invoice and its contact, who has no document in another currency."""
    for invoice in Document.objects.filter(kind="INVOICE", status="AUTHORISED").order_by("pk"):
        of_contact = Document.objects.filter(contact_xero_id=invoice.contact_xero_id)
        if of_contact.values("currency").distinct().count() == 1:
            return invoice, Contact.objects.get(xero_id=str(invoice.contact_xero_id))
    raise AssertionError("nobody owes in one currency")


def say_another_balance(linked: Linked, contact: Contact) -> None:
    """Let Xero say that a contact owes a thousand, and nothing of anybody else."""
    balances = {"AccountsReceivable": {"Outstanding": 1000.0, "Overdue": 0}}
    element: dict[str, Any] = {"ContactID": str(contact.xero_id), "Balances": balances}
    body = json.dumps({"Contacts": [element], "pagination": {"pageCount": 1, "itemCount": 1}})
    linked.world.fail("/Contacts", times=-1, status=200, body=body)


def test_balances_of_all_contacts_agree_by_one_call_a_thousand(linked: Linked) -> None:
    linked.sweep()

    assert compare(linked) == 1

    assert not BalanceDifference.objects.exists()
    row = BalanceCheck.objects.get()
    assert row.compared_count > 50
    assert row.not_before is not None
    assert timedelta(hours=23) < row.not_before - timezone.now() < timedelta(hours=25)
    assert told(linked) == f"{row.compared_count} contacts owe here what Xero says they owe"


def test_amount_that_no_sweep_shows_is_found_and_mended(linked: Linked) -> None:
    linked.sweep()
    invoice, _ = someone_who_owes()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    linked.sweep()
    assert ours(linked) != theirs(linked)

    compare(linked)

    assert ours(linked) == theirs(linked)
    assert not BalanceDifference.objects.exists()


def test_document_that_belongs_to_another_contact_by_now_is_found_by_both(linked: Linked) -> None:
    linked.sweep()
    invoice, contact = someone_who_owes()
    other = Document.objects.filter(status="AUTHORISED").exclude(contact_xero_id=contact.xero_id)
    Document.objects.filter(pk=invoice.pk).update(contact_xero_id=other[0].contact_xero_id)

    compare(linked)

    assert ours(linked) == theirs(linked)


def test_balance_that_differs_all_the_same_is_named_until_it_agrees(linked: Linked) -> None:
    linked.sweep()
    _, contact = someone_who_owes()
    say_another_balance(linked, contact)

    compare(linked)

    difference = BalanceDifference.objects.get()
    assert (difference.name, difference.theirs) == (contact.name, Decimal(1000))
    assert told(linked) == "1 of 1 contacts owe here another amount than in Xero"
    page = builders.client_of(linked.manager).get(CARD).content.decode()
    assert "1,000.00 in Xero" in page
    linked.world.heal()
    compare(linked)
    assert not BalanceDifference.objects.exists()
    assert "1,000.00 in Xero" not in builders.client_of(linked.manager).get(CARD).content.decode()


def test_contact_with_two_currencies_is_not_compared(linked: Linked) -> None:
    linked.sweep()
    _, contact = someone_who_owes()
    linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="raise",
        contact_id=str(contact.xero_id),
        amount="50.00",
        currency="USD",
        currency_rate="0.65",
    )
    linked.sweep()
    say_another_balance(linked, contact)

    compare(linked)

    assert not BalanceDifference.objects.exists()


def test_documents_that_take_xero_too_long_are_read_in_smaller_pages(linked: Linked) -> None:
    """Found by the state machine: the same page was asked for every hour, and never came."""
    linked.sweep()
    invoice, _ = someone_who_owes()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    large = {"path": "/Invoices$", "query": "Contact.*pageSize=(1000|500)(&|$)"}
    linked.world.do("faults", match=large, times=-1, answer={"status": 504})

    compare(linked)

    assert ours(linked) == theirs(linked)
    assert not BalanceDifference.objects.exists()
    assert BalanceCheck.objects.get().checked_at is not None


def test_contact_whose_documents_xero_cannot_give_keeps_no_other_from_being_mended(
    linked: Linked,
) -> None:
    linked.sweep()
    _, broken = someone_who_owes()
    approved = Document.objects.filter(kind="INVOICE", status="AUTHORISED")
    approved.update(amount_due=F("amount_due") + 7)
    asked_for = {"path": "/Invoices$", "query": f"Contact.*{broken.xero_id}"}
    linked.world.do("faults", match=asked_for, times=-1, answer={"status": 500})

    for _ in range(4):
        compare_later(linked)

    (difference,) = BalanceDifference.objects.all()
    assert difference.contact_xero_id == broken.xero_id
    assert BalanceCheck.objects.get().checked_at is not None
    assert broken.name in builders.client_of(linked.manager).get(CARD).content.decode()


def test_contact_that_xero_cannot_list_keeps_no_other_from_being_compared(linked: Linked) -> None:
    linked.sweep()
    invoice, contact = someone_who_owes()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    broken = Contact.objects.exclude(pk=contact.pk).order_by("xero_id")[70]
    match = {"path": "/Contacts$", "holds": str(broken.xero_id)}
    linked.world.do("faults", match=match, times=-1, answer={"status": 500})

    for _ in range(3):
        compare_later(linked)

    row = BalanceCheck.objects.get()
    assert row.checked_at is not None
    assert row.compared_count > 50
    assert ours(linked) == theirs(linked)


def test_comparison_waits_while_xero_gives_no_documents_but_not_for_ever(linked: Linked) -> None:
    linked.sweep()
    invoice, contact = someone_who_owes()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    linked.world.do(
        "faults", match={"path": "/Invoices$", "query": "Contact"}, times=-1, answer={"status": 500}
    )

    for attempts in (1, 2, 3):
        compare_later(linked)
        row = BalanceCheck.objects.get()
        assert (row.attempts, row.checked_at) == (attempts, None)
        assert not BalanceDifference.objects.exists()
    compare_later(linked)

    assert BalanceDifference.objects.get().contact_xero_id == contact.xero_id
    assert BalanceCheck.objects.get().checked_at is not None


@pytest.fixture
def few_calls(linked: Linked, settings: Settings) -> Linked:
    """Let bulk work make seven calls a minute, and Xero's pages of contacts be small."""
    linked.sweep()
    check(linked)
    settings.XERO_MINUTE_LIMIT = 8
    limiting.forget_shared()
    valkey_flush.forget_all()
    linked.world.do("clock", advance_seconds=61)
    Cursor.objects.filter(resource="CONTACT").update(page_size=SMALL_PAGE)
    BalanceCheck.objects.update(not_before=None)
    return linked


def compare_by_the_clock(linked: Linked, now: Time) -> Iterator[tuple[BalanceCheck, int]]:
    """Take turns whenever one is due until all is compared; give the row and calls after each."""
    for _ in range(60):
        if linked.organisation.pk in contact_balances.waiting_organisations(now=now()):
            before = linked.world.calls("/api.xro/")
            contact_balances.compare(organisation_id=linked.organisation.pk, clock=now)
            row = BalanceCheck.objects.get(organisation=linked.organisation)
            yield row, linked.world.calls("/api.xro/") - before
            if row.checked_at is not None:
                return
        now.pass_by(20)
        linked.world.do("clock", advance_seconds=20)
    raise AssertionError("It never ends")


def first_of_the_list() -> tuple[Document, Contact]:
    """Return an approved invoice of the first contact who owes in one currency, by Xero's list."""
    for contact in Contact.objects.order_by("xero_id")[:SMALL_PAGE]:
        documents = Document.objects.filter(contact_xero_id=contact.xero_id)
        invoice = documents.filter(kind="INVOICE", status="AUTHORISED").first()
        if invoice and documents.values("currency").distinct().count() == 1:
            return invoice, contact
    raise AssertionError("nobody on the first page owes in one currency")


def test_comparison_of_more_pages_than_a_minute_has_calls_comes_to_its_end(
    few_calls: Linked,
) -> None:
    invoice, _ = first_of_the_list()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    now = Time()
    began = now()

    turns = list(compare_by_the_clock(few_calls, now))

    row, _ = turns[-1]
    # Ten pages, four lists of documents, and the contact itself once more; what a limit cut short
    # of these five is asked for again.
    assert 15 <= sum(calls for _, calls in turns) <= 15 + 4
    assert len(turns) == 3
    assert now() - began < timedelta(minutes=10)
    assert row.compared_count > 50
    assert (row.next_page, row.walk_started_at, row.differing) == (1, None, [])
    assert (row.attempts, row.is_walked) == (0, False)
    assert ours(few_calls) == theirs(few_calls)
    assert not BalanceDifference.objects.exists()


def test_difference_on_an_early_page_is_named_by_a_comparison_of_many_turns(
    few_calls: Linked,
) -> None:
    invoice, contact = first_of_the_list()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    asked_alone = {"path": "/Contacts$", "query": "IDs="}
    balances = {"AccountsReceivable": {"Outstanding": 1000.0, "Overdue": 0}}
    body = json.dumps({"Contacts": [{"ContactID": str(contact.xero_id), "Balances": balances}]})
    answer = {"status": 200, "body": body}
    few_calls.world.do("faults", match=asked_alone, times=-1, answer=answer)

    *_, (row, _) = compare_by_the_clock(few_calls, Time())

    difference = BalanceDifference.objects.get()
    assert (difference.name, difference.theirs) == (contact.name, Decimal(1000))
    assert row.compared_count > 50


def test_what_is_paid_behind_a_comparison_of_many_turns_makes_no_difference(
    few_calls: Linked,
) -> None:
    invoice, contact = first_of_the_list()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    now, has_paid = Time(), False

    for row, _ in compare_by_the_clock(few_calls, now):
        if row.next_page > 1 and not has_paid:
            assert row.differing == [str(contact.xero_id)]
            has_paid = True
            few_calls.world.do(
                "documents", tenant=few_calls.tenant, act="pay", id=str(invoice.xero_id)
            )

    assert has_paid
    assert not BalanceDifference.objects.exists()
    assert ours(few_calls) == theirs(few_calls)


def test_comparison_that_was_left_for_a_day_begins_anew(few_calls: Linked) -> None:
    now = Time()
    turns = compare_by_the_clock(few_calls, now)
    row, _ = next(turns)
    assert row.next_page > 1
    BalanceCheck.objects.update(differing=[str(uuid4())], walked_count=1000)

    now.pass_by(24 * 3600)
    few_calls.world.do("clock", advance_seconds=24 * 3600)
    *_, (row, _) = turns

    assert 50 < row.compared_count < 200
    assert not BalanceDifference.objects.exists()


def test_outage_within_a_comparison_is_waited_for_by_the_hour(few_calls: Linked) -> None:
    now = Time()
    turns = compare_by_the_clock(few_calls, now)
    first, _ = next(turns)
    few_calls.world.fail("/Contacts", status=503)

    row, _ = next(turns)

    assert (row.attempts, row.next_page) == (1, first.next_page)
    assert row.not_before is not None
    assert row.not_before - now() >= timedelta(hours=1)


def test_turn_that_spends_its_calls_in_vain_is_tried_again_by_the_hour(
    few_calls: Linked, settings: Settings
) -> None:
    """A minute has three calls, and it takes five to read a contact's documents anew."""
    settings.XERO_MINUTE_LIMIT = 3
    limiting.forget_shared()
    invoice, _ = first_of_the_list()
    Document.objects.filter(pk=invoice.pk).update(amount_due=invoice.amount_due + 7)
    now, waits = Time(), []

    for row, calls in compare_by_the_clock(few_calls, now):
        assert row.not_before is not None
        assert row.attempts == 0
        waits.append((row.is_walked and calls > 0, row.not_before - now() >= timedelta(hours=1)))
        if waits[-1] == (True, True):
            break

    # Only there: a turn that comes further waits for the limiter alone.
    assert [is_long for _, is_long in waits].count(True) == 1
