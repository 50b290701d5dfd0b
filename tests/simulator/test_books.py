"""The seeded books, and what can be done to them."""

import datetime
from collections import Counter
from decimal import Decimal

import pytest

from xero_simulator import simulation
from xero_simulator.control import book_rows
from xero_simulator.ledger import books, records
from xero_simulator.seeding import seed

ANCHOR = datetime.date(2026, 11, 20)


@pytest.fixture
def here() -> simulation.World:
    return make_world()


@pytest.fixture
def kept(here: simulation.World) -> books.Books:
    return next(iter(here.organisations.values())).books


def make_world(*, documents: int = 1200) -> simulation.World:
    return seed.build_world(
        # Its clock stands: what is done today is done on one day.
        simulation.Options(seed=3, anchor=ANCHOR, documents=documents, clock_speed=0)
    )


def all_rows(here: simulation.World) -> list[object]:
    return [book_rows.all_rows(each.books) for each in here.organisations.values()]


def open_invoice(kept: books.Books, **lines: Decimal) -> records.Document:
    contact_id = kept.create_contact("Somebody New")
    drafts = [
        records.LineDraft(description, amount)
        for description, amount in (lines or {"Fee": Decimal("300.00")}).items()
    ]
    return kept.document(kept.raise_invoice(contact_id, drafts))


def test_books_are_identical_when_seed_and_anchor_are() -> None:
    first, second = make_world(documents=300), make_world(documents=300)

    assert all_rows(first) == all_rows(second)


def test_books_differ_when_seed_does() -> None:
    other = seed.build_world(simulation.Options(seed=4, anchor=ANCHOR, documents=300))

    assert all_rows(other) != all_rows(make_world(documents=300))


def test_books_hold_what_was_asked_for(kept: books.Books) -> None:
    contacts = list(kept.contacts.by_id.values())

    assert sum(1 for _ in kept.documents()) == 1200
    assert len(contacts) == 150
    assert {each.type for each in kept.documents()} == {
        *("ACCREC", "ACCPAY", "ACCRECCREDIT", "ACCPAYCREDIT", "RECEIVE-OVERPAYMENT"),
        *("SPEND-OVERPAYMENT", "RECEIVE-PREPAYMENT", "SPEND-PREPAYMENT"),
    }
    assert {each.status for each in kept.invoices.ordered} == {
        *("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"),
    }
    assert {"AUD", "NZD", "USD", "SGD"} == {each.currency for each in kept.documents()}
    assert {each.line_amount_types for each in kept.invoices.ordered} == {
        *("Exclusive", "Inclusive", "NoTax"),
    }


def test_contacts_hold_the_cases_that_trip_clients_up(kept: books.Books) -> None:
    contacts = list(kept.contacts.by_id.values())
    numbers = Counter(each.number for each in contacts if each.number)
    names = Counter((each.first_name, each.last_name) for each in contacts if each.number)

    assert set(numbers.values()) == {1}
    assert "L000001" in numbers
    assert names.most_common(1)[0][1] > 1
    assert any(not each.number and each.is_customer for each in contacts)
    assert any(each.is_supplier for each in contacts)
    assert any(each.status == "ARCHIVED" and each.number for each in contacts)
    assert any(each.merged_to in kept.contacts.by_id for each in contacts if each.merged_to)
    assert any("🌻" in each.name for each in contacts)


def test_sums_agree_on_every_document() -> None:
    for organisation in make_world().organisations.values():
        for document in organisation.books.documents():
            amounts = sum(line.line_amount for line in document.lines)
            taxes = sum(line.tax_amount for line in document.lines)
            inclusive = document.line_amount_types == "Inclusive"

            assert document.total == document.sub_total + document.total_tax
            assert document.total_tax == taxes
            assert document.sub_total == amounts - (taxes if inclusive else 0)
            assert 0 <= document.outstanding <= document.total
            assert (document.status == "PAID") == (document.outstanding == 0)


def test_allocations_agree_on_both_sides(kept: books.Books) -> None:
    from_credits = {
        allocation
        for document in kept.documents()
        if document.kind != records.INVOICES
        for allocation in document.allocations
    }
    on_invoices = {
        allocation for document in kept.invoices.ordered for allocation in document.allocations
    }

    assert from_credits == on_invoices
    assert len(from_credits) > 20
    for allocation in from_credits:
        credit, invoice = kept.document(allocation.credit_id), kept.document(allocation.invoice_id)
        assert (credit.contact_id, credit.currency) == (invoice.contact_id, invoice.currency)


def test_invoice_is_paid_when_the_rest_is(kept: books.Books) -> None:
    invoice = open_invoice(kept)

    kept.pay(invoice.id, Decimal("100.01"))
    partly = kept.document(invoice.id)
    kept.pay(invoice.id)
    wholly = kept.document(invoice.id)

    assert (partly.status, partly.outstanding) == ("AUTHORISED", 19_999)
    assert (wholly.status, wholly.outstanding, wholly.amount_paid) == ("PAID", 0, 30_000)
    assert wholly.fully_paid_on == kept.today()
    assert wholly.updated_ms >= invoice.updated_ms


def test_credit_note_is_used_up_when_it_credits_an_invoice(kept: books.Books) -> None:
    invoice = open_invoice(kept)

    note = kept.document(kept.credit(invoice.id, Decimal("120")))

    after = kept.document(invoice.id)
    assert (note.type, note.status, note.outstanding) == ("ACCRECCREDIT", "PAID", 0)
    assert (after.amount_allocated, after.outstanding) == (12_000, 18_000)


def test_overpayment_and_prepayment_are_allocated(kept: books.Books) -> None:
    invoice = open_invoice(kept)
    over = kept.receive_overpayment(invoice.contact_id, Decimal("50"))
    pre = kept.receive_prepayment(invoice.contact_id, Decimal("400"))

    kept.allocate(records.OVERPAYMENTS, over, invoice.id, Decimal("20"))
    kept.allocate(records.PREPAYMENTS, pre, invoice.id)

    assert kept.document(over).outstanding == 3_000
    assert kept.document(pre).outstanding == 12_000
    assert kept.document(invoice.id).status == "PAID"


def test_illegal_acts_are_refused(kept: books.Books) -> None:
    paid = open_invoice(kept)
    kept.pay(paid.id)
    other = kept.raise_invoice(
        next(iter(kept.contacts.by_id)), [records.LineDraft("Fee", Decimal(10))]
    )
    over = kept.receive_overpayment(paid.contact_id, Decimal("50"))

    for act in (
        lambda: kept.pay(paid.id),
        lambda: kept.void(paid.id),
        lambda: kept.pay(other, Decimal("10.01")),
        lambda: kept.pay(other, Decimal("0")),
        lambda: kept.allocate(records.OVERPAYMENTS, over, other),
        lambda: kept.raise_invoice("nobody", [records.LineDraft("Fee", Decimal(10))]),
        lambda: kept.raise_invoice(paid.contact_id, []),
        lambda: kept.document("no such id"),
    ):
        with pytest.raises(records.NotAllowed):
            act()


def test_draft_is_deleted_and_approved_is_voided(kept: books.Books) -> None:
    contact_id = kept.create_contact("Somebody New")
    lines = [records.LineDraft("Fee", Decimal(10))]
    draft = kept.raise_invoice(contact_id, lines, status="DRAFT")
    approved = kept.raise_invoice(contact_id, lines)

    kept.void(draft)
    kept.void(approved)

    assert kept.document(draft).status == "DELETED"
    assert kept.document(approved).status == "VOIDED"


def test_due_date_moves_silently(here: simulation.World, kept: books.Books) -> None:
    invoice = open_invoice(kept)
    told: list[simulation.Change] = []
    here.listeners.append(told.append)

    kept.edit_due_date_silently(invoice.id, datetime.date(2027, 1, 1))

    after = kept.document(invoice.id)
    assert after.due_date == datetime.date(2027, 1, 1)
    assert after.updated_ms == invoice.updated_ms
    assert told == []


def test_changes_are_told_with_the_data_of_newer_categories(
    here: simulation.World, kept: books.Books
) -> None:
    told: list[simulation.Change] = []
    here.listeners.append(told.append)

    invoice = open_invoice(kept)
    kept.credit(invoice.id, Decimal("1"))
    kept.receive_overpayment(invoice.contact_id, Decimal("5"))

    assert [(each.category, each.event_type) for each in told] == [
        ("CONTACT", "CREATE"),
        ("INVOICE", "CREATE"),
        ("CREDITNOTE", "CREATE"),
        ("CREDITNOTE", "UPDATE"),
        ("INVOICE", "UPDATE"),
        ("OVERPAYMENT", "CREATE"),
    ]
    assert told[1].data is None
    assert told[3].data == {"Type": "ACCRECCREDIT", "Status": "PAID"}
    assert told[5].data is not None
    assert set(told[5].data) == {"Type", "Status", "UpdatedDateUTCString"}


def test_merged_contact_leaves_a_tombstone(kept: books.Books) -> None:
    loser, winner = kept.create_contact("Loser", number="X1"), kept.create_contact("Winner")
    invoice = kept.raise_invoice(loser, [records.LineDraft("Fee", Decimal(10))])

    kept.merge_contacts(loser, winner)

    assert kept.contact(loser).status == "ARCHIVED"
    assert kept.contact(loser).merged_to == winner
    assert kept.document(invoice).contact_id == winner


def test_reset_restores_everything(here: simulation.World, kept: books.Books) -> None:
    before = all_rows(here)
    some = [each.id for each in kept.invoices.ordered if each.status == "AUTHORISED"][:5]

    for document_id in some:
        kept.pay(document_id)
        kept.touch(document_id)
    open_invoice(kept)
    kept.merge_contacts(*[c.id for c in kept.contacts.ordered if c.status == "ACTIVE"][:2])
    changed = all_rows(here)
    here.reset()

    assert changed != before
    assert all_rows(here) == before


def test_nothing_is_kept_when_a_transaction_fails(
    here: simulation.World, kept: books.Books
) -> None:
    before = all_rows(here)
    told: list[simulation.Change] = []
    here.listeners.append(told.append)

    def pay_then_void() -> None:
        with kept.transaction():
            invoice = open_invoice(kept)
            kept.pay(invoice.id)
            kept.void(invoice.id)

    with pytest.raises(records.NotAllowed):
        pay_then_void()

    assert all_rows(here) == before
    assert told == []
