"""An invoice changes with the credits that are applied to it, though nothing else may tell."""

from datetime import date
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support.bad_documents import GOOD, invoice
from tests.support.daily_checks import check
from tests.support.linked import Linked, clock
from tests.support.resyncs import end_first, request
from tests.support.webhook_posts import KEYS, deliver, event
from xero_sync.maintenance import quarantine_retries
from xero_sync.models import QuarantinedDocument, RunState, WebhookEvent

# Applying the credit does not move the UpdatedDateUTC of the invoice (of March) here.
OWED = invoice(1)
PAID = invoice(1, Status="PAID", AmountDue=0.00, AmountCredited=110.00)
CREDIT: dict[str, Any] = {
    "Type": "ACCRECCREDIT",
    "CreditNoteID": "b0000000-0000-4000-8000-000000000001",
    "CreditNoteNumber": "CN-1",
    "Status": "PAID",
    "Contact": GOOD["Contact"],
    "DateString": "2026-05-01T00:00:00",
    "Date": "/Date(1777593600000+0000)/",
    "LineItems": [],
    "Total": 110.00,
    "RemainingCredit": 0.00,
    "CurrencyCode": "AUD",
    "UpdatedDateUTC": "/Date(1777593600000+0000)/",
    "Allocations": [
        {
            "AllocationID": "d0000000-0000-4000-8000-000000000001",
            "Amount": 110.00,
            "Invoice": {"InvoiceID": OWED["InvoiceID"], "InvoiceNumber": "INV-1"},
        }
    ],
}
# The same after the allocation was removed, a day later.
UNUSED = {
    **CREDIT,
    "Status": "AUTHORISED",
    "RemainingCredit": 110.00,
    "UpdatedDateUTC": "/Date(1777680000000+0000)/",
    "Allocations": [],
}


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let the signing key of the made-up deliveries be good."""
    settings.XERO_WEBHOOK_KEYS = KEYS


def serve(linked: Linked, invoice: dict[str, Any], *credits: dict[str, Any]) -> None:
    """Let Xero have this invoice and these credit notes, and nothing else."""
    documents = {"Invoices": [invoice], "CreditNotes": list(credits)}
    linked.world.do("replay", tenant=linked.tenant, documents=documents)


def tell_of_the_credit(linked: Linked) -> None:
    """Deliver the credit note's event, and fetch what follows."""
    deliver(event(linked, "CREDITNOTE", CREDIT["CreditNoteID"]))
    linked.take_events()


def due() -> int:
    """Return what is due on the invoice, as it is stored here."""
    return int(Document.objects.get(number="INV-1").amount_due)


def test_invoice_follows_a_credit_that_was_applied(linked: Linked) -> None:
    serve(linked, OWED)
    linked.sweep()

    serve(linked, PAID, CREDIT)
    tell_of_the_credit(linked)

    assert due() == 0


def test_invoice_follows_a_credit_whose_allocation_was_removed(linked: Linked) -> None:
    serve(linked, PAID, CREDIT)
    linked.sweep()

    serve(linked, OWED, UNUSED)
    tell_of_the_credit(linked)

    assert due() == 110


def test_invoice_outside_the_range_of_a_resync_follows_a_credit_within(linked: Linked) -> None:
    serve(linked, OWED)
    linked.sweep()
    end_first(linked)

    serve(linked, PAID, CREDIT)
    run = linked.work(request(linked, "2026-05-01", "2026-05-31"))
    linked.take_events()

    assert run.state == RunState.DONE
    assert due() == 0


def test_invoice_follows_a_credit_that_was_taken_off_before_it_was_ever_stored(
    linked: Linked,
) -> None:
    serve(linked, PAID)
    linked.sweep()

    serve(linked, OWED, UNUSED)
    tell_of_the_credit(linked)

    assert due() == 110


def test_invoice_follows_such_a_credit_after_a_resync_of_both(linked: Linked) -> None:
    serve(linked, PAID)
    linked.sweep()
    end_first(linked)

    serve(linked, OWED, UNUSED)
    run = linked.work(request(linked, "2026-05-01", "2026-05-31"))
    linked.take_events()

    assert run.state == RunState.DONE
    assert due() == 110


def test_daily_count_finds_an_invoice_that_disagrees_with_its_credits(linked: Linked) -> None:
    serve(linked, OWED)
    linked.sweep()
    serve(linked, PAID, CREDIT)
    tell_of_the_credit(linked)
    Document.objects.filter(number="INV-1").update(amount_credited=0, amount_due=110)

    check(linked)
    linked.take_events()

    assert due() == 0


def test_invoice_that_already_tells_of_its_credits_is_not_asked_for(linked: Linked) -> None:
    serve(linked, PAID, CREDIT)
    linked.sweep()

    assert not WebhookEvent.objects.exists()
    assert Document.objects.get(number="CN-1").date == date(2026, 5, 1)


def test_invoice_follows_a_credit_that_could_not_be_saved_before(linked: Linked) -> None:
    serve(linked, OWED, {**CREDIT, "Total": "a lot"})
    linked.sweep()
    end_first(linked)
    QuarantinedDocument.objects.update(last_tried_at=clock() - 2 * quarantine_retries.RETRY_AFTER)

    serve(linked, PAID, CREDIT)
    check(linked)
    linked.take_events()

    assert due() == 0
