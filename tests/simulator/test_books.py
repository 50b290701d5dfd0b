"""The seeded books, and what can be done to them."""

import datetime
from collections import Counter
from decimal import Decimal

import pytest

from xero_simulator import simulations
from xero_simulator.control import book_rows
from xero_simulator.ledger import (
    contact_operations,
    credit_operations,
    document_operations,
    ledgers,
    records,
)
from xero_simulator.seeding import seed

ANCHOR = datetime.date(2026, 11, 20)


@pytest.fixture
def simulation() -> simulations.Simulation:
    return make_simulation()


@pytest.fixture
def books(simulation: simulations.Simulation) -> ledgers.Books:
    return next(iter(simulation.organisations.values())).books


def make_simulation(*, documents: int = 1200) -> simulations.Simulation:
    return seed.build_simulation(
        # Its clock stands: what is done today is done on one day.
        simulations.Options(seed=3, anchor=ANCHOR, documents=documents, clock_speed=0)
    )


def all_rows(simulation: simulations.Simulation) -> list[object]:
    return [book_rows.all_rows(each.books) for each in simulation.organisations.values()]


def open_invoice(books: ledgers.Books, **lines: Decimal) -> records.Document:
    contact_id = contact_operations.create(books, "Somebody New")
    drafts = [
        records.LineDraft(description, amount)
        for description, amount in (lines or {"Fee": Decimal("300.00")}).items()
    ]
    return books.document(document_operations.raise_invoice(books, contact_id, drafts))


def test_books_are_identical_when_seed_and_anchor_are() -> None:
    first, second = make_simulation(documents=300), make_simulation(documents=300)

    assert all_rows(first) == all_rows(second)


def test_books_differ_when_seed_does() -> None:
    other = seed.build_simulation(simulations.Options(seed=4, anchor=ANCHOR, documents=300))

    assert all_rows(other) != all_rows(make_simulation(documents=300))


def test_books_hold_what_was_asked_for(books: ledgers.Books) -> None:
    contacts = list(books.contacts.by_id.values())

    assert sum(1 for _ in books.documents()) == 1200
    assert len(contacts) == 150
    assert {each.type for each in books.documents()} == {
        *("ACCREC", "ACCPAY", "ACCRECCREDIT", "ACCPAYCREDIT", "RECEIVE-OVERPAYMENT"),
        *("SPEND-OVERPAYMENT", "RECEIVE-PREPAYMENT", "SPEND-PREPAYMENT"),
    }
    assert {each.status for each in books.invoices.ordered} == {
        *("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"),
    }
    assert {"AUD", "NZD", "USD", "SGD"} == {each.currency for each in books.documents()}
    assert {each.line_amount_types for each in books.invoices.ordered} == {
        *("Exclusive", "Inclusive", "NoTax"),
    }


def test_contacts_hold_the_cases_that_trip_clients_up(books: ledgers.Books) -> None:
    contacts = list(books.contacts.by_id.values())
    numbers = Counter(each.number for each in contacts if each.number)
    names = Counter((each.first_name, each.last_name) for each in contacts if each.number)

    assert set(numbers.values()) == {1}
    assert "L000001" in numbers
    assert names.most_common(1)[0][1] > 1
    assert any(not each.number and each.is_customer for each in contacts)
    assert any(each.is_supplier for each in contacts)
    assert any(each.status == "ARCHIVED" and each.number for each in contacts)
    assert any(each.merged_to in books.contacts.by_id for each in contacts if each.merged_to)
    assert any("🌻" in each.name for each in contacts)


def test_sums_agree_on_every_document() -> None:
    for organisation in make_simulation().organisations.values():
        for document in organisation.books.documents():
            amounts = sum(line.line_amount for line in document.lines)
            taxes = sum(line.tax_amount for line in document.lines)
            inclusive = document.line_amount_types == "Inclusive"

            assert document.total == document.sub_total + document.total_tax
            assert document.total_tax == taxes
            assert document.sub_total == amounts - (taxes if inclusive else 0)
            assert 0 <= document.outstanding <= document.total
            is_settled = document.status in ("PAID", "VOIDED", "DELETED")
            assert is_settled == (document.outstanding == 0)


def test_allocations_agree_on_both_sides(books: ledgers.Books) -> None:
    from_credits = {
        allocation
        for document in books.documents()
        if document.kind != records.INVOICES
        for allocation in document.allocations
    }
    on_invoices = {
        allocation for document in books.invoices.ordered for allocation in document.allocations
    }

    assert from_credits == on_invoices
    assert len(from_credits) > 20
    for allocation in from_credits:
        credit = books.document(allocation.credit_id)
        invoice = books.document(allocation.invoice_id)
        assert (credit.contact_id, credit.currency) == (invoice.contact_id, invoice.currency)


def test_invoice_is_paid_when_the_rest_is(books: ledgers.Books) -> None:
    invoice = open_invoice(books)

    document_operations.pay(books, invoice.id, Decimal("100.01"))
    partly = books.document(invoice.id)
    document_operations.pay(books, invoice.id)
    wholly = books.document(invoice.id)

    assert (partly.status, partly.outstanding) == ("AUTHORISED", 19_999)
    assert (wholly.status, wholly.outstanding, wholly.amount_paid) == ("PAID", 0, 30_000)
    assert wholly.fully_paid_on == books.today()
    assert wholly.updated_ms >= invoice.updated_ms


def test_credit_note_is_used_up_when_it_credits_an_invoice(books: ledgers.Books) -> None:
    invoice = open_invoice(books)

    note = books.document(credit_operations.credit_invoice(books, invoice.id, Decimal("120")))

    after = books.document(invoice.id)
    assert (note.type, note.status, note.outstanding) == ("ACCRECCREDIT", "PAID", 0)
    assert (after.amount_allocated, after.outstanding) == (12_000, 18_000)


def test_overpayment_and_prepayment_are_allocated(books: ledgers.Books) -> None:
    invoice = open_invoice(books)
    over = document_operations.receive_overpayment(books, invoice.contact_id, Decimal("50"))
    pre = document_operations.receive_prepayment(books, invoice.contact_id, Decimal("400"))

    credit_operations.allocate(books, records.OVERPAYMENTS, over, invoice.id, Decimal("20"))
    credit_operations.allocate(books, records.PREPAYMENTS, pre, invoice.id)

    assert books.document(over).outstanding == 3_000
    assert books.document(pre).outstanding == 12_000
    assert books.document(invoice.id).status == "PAID"


def test_illegal_operations_are_refused(books: ledgers.Books) -> None:
    paid = open_invoice(books)
    document_operations.pay(books, paid.id)
    other = document_operations.raise_invoice(
        books, next(iter(books.contacts.by_id)), [records.LineDraft("Fee", Decimal(10))]
    )
    over = document_operations.receive_overpayment(books, paid.contact_id, Decimal("50"))

    for operation in (
        lambda: document_operations.pay(books, paid.id),
        lambda: document_operations.void(books, paid.id),
        lambda: document_operations.pay(books, other, Decimal("10.01")),
        lambda: document_operations.pay(books, other, Decimal("0")),
        lambda: credit_operations.allocate(books, records.OVERPAYMENTS, over, other),
        lambda: document_operations.raise_invoice(
            books, "nobody", [records.LineDraft("Fee", Decimal(10))]
        ),
        lambda: document_operations.raise_invoice(books, paid.contact_id, []),
        lambda: books.document("no such id"),
    ):
        with pytest.raises(records.NotAllowed):
            operation()


def test_draft_is_deleted_and_approved_is_voided(books: ledgers.Books) -> None:
    contact_id = contact_operations.create(books, "Somebody New")
    lines = [records.LineDraft("Fee", Decimal(10))]
    draft = document_operations.raise_invoice(books, contact_id, lines, status="DRAFT")
    approved = document_operations.raise_invoice(books, contact_id, lines)

    document_operations.void(books, draft)
    document_operations.void(books, approved)

    assert books.document(draft).status == "DELETED"
    assert books.document(approved).status == "VOIDED"


def test_due_date_moves_silently(simulation: simulations.Simulation, books: ledgers.Books) -> None:
    invoice = open_invoice(books)
    changes: list[simulations.Change] = []
    simulation.listeners.append(changes.append)

    document_operations.edit_due_date_silently(books, invoice.id, datetime.date(2027, 1, 1))

    after = books.document(invoice.id)
    assert after.due_date == datetime.date(2027, 1, 1)
    assert after.updated_ms == invoice.updated_ms
    assert changes == []


def test_changes_are_announced_with_the_data_of_newer_categories(
    simulation: simulations.Simulation, books: ledgers.Books
) -> None:
    changes: list[simulations.Change] = []
    simulation.listeners.append(changes.append)

    invoice = open_invoice(books)
    credit_operations.credit_invoice(books, invoice.id, Decimal("1"))
    document_operations.receive_overpayment(books, invoice.contact_id, Decimal("5"))

    assert [(each.category, each.event_type) for each in changes] == [
        ("CONTACT", "CREATE"),
        ("INVOICE", "CREATE"),
        ("CREDITNOTE", "CREATE"),
        ("CREDITNOTE", "UPDATE"),
        ("INVOICE", "UPDATE"),
        ("OVERPAYMENT", "CREATE"),
    ]
    assert changes[1].data is None
    assert changes[3].data == {"Type": "ACCRECCREDIT", "Status": "PAID"}
    assert changes[5].data is not None
    assert set(changes[5].data) == {"Type", "Status", "UpdatedDateUTCString"}


def test_merged_contact_leaves_a_tombstone(books: ledgers.Books) -> None:
    loser = contact_operations.create(books, "Loser", number="X1")
    winner = contact_operations.create(books, "Winner")
    invoice = document_operations.raise_invoice(
        books, loser, [records.LineDraft("Fee", Decimal(10))]
    )

    contact_operations.merge(books, loser, winner)

    assert books.contact(loser).status == "ARCHIVED"
    assert books.contact(loser).merged_to == winner
    assert books.document(invoice).contact_id == winner


@pytest.mark.parametrize(
    ("how", "numbers"),
    [("stays", ("X1", "Y1")), ("moves", ("", "X1")), ("freed", ("", "Y1"))],
)
def test_number_and_documents_of_a_merged_contact_go_where_they_are_told(
    books: ledgers.Books, how: str, numbers: tuple[str, str]
) -> None:
    loser = contact_operations.create(books, "Loser", number="X1")
    winner = contact_operations.create(books, "Winner", number="Y1")
    stays, moves = (
        document_operations.raise_invoice(books, loser, [records.LineDraft("Fee", Decimal(10))])
        for _ in range(2)
    )

    contact_operations.merge(books, loser, winner, documents_stay=[stays], number=how)

    assert (books.contact(loser).number, books.contact(winner).number) == numbers
    assert books.document(stays).contact_id == loser
    assert books.document(moves).contact_id == winner


def test_only_active_contacts_are_merged(books: ledgers.Books) -> None:
    loser, winner = (contact_operations.create(books, name) for name in ("Loser", "Winner"))
    contact_operations.erase(books, winner, "Deleted contact")

    with pytest.raises(records.NotAllowed, match="active contacts"):
        contact_operations.merge(books, loser, winner)


def test_reset_restores_everything(
    simulation: simulations.Simulation, books: ledgers.Books
) -> None:
    before = all_rows(simulation)
    some = [each.id for each in books.invoices.ordered if each.status == "AUTHORISED"][:5]

    for document_id in some:
        document_operations.pay(books, document_id)
        document_operations.touch(books, document_id)
    open_invoice(books)
    contact_operations.merge(
        books, *[c.id for c in books.contacts.ordered if c.status == "ACTIVE"][:2]
    )
    changed = all_rows(simulation)
    simulation.reset()

    assert changed != before
    assert all_rows(simulation) == before


def test_nothing_is_kept_when_a_transaction_fails(
    simulation: simulations.Simulation, books: ledgers.Books
) -> None:
    before = all_rows(simulation)
    changes: list[simulations.Change] = []
    simulation.listeners.append(changes.append)

    def pay_then_void() -> None:
        with books.transaction():
            invoice = open_invoice(books)
            document_operations.pay(books, invoice.id)
            document_operations.void(books, invoice.id)

    with pytest.raises(records.NotAllowed):
        pay_then_void()

    assert all_rows(simulation) == before
    assert changes == []
