"""Credits applied to invoices and taken back, with the invoice's UpdatedDateUTC moving or not."""

from typing import Any

import pytest
import requests

from tests.support import simulator_process

Row = dict[str, Any]


def rows_of(url: str) -> dict[str, Row]:
    """Return the documents of the first organisation by id."""
    return {one["xero_id"]: one for one in simulator_process.control(url, "books")["documents"]}


def applied(url: str) -> tuple[Row, Row]:
    """Return a credit and the one invoice that it is wholly applied to, which is paid off."""
    rows = rows_of(url)
    for credit in rows.values():
        if credit["kind"] == "CreditNotes" and len(credit["allocations"]) == 1:
            (allocation,) = credit["allocations"].values()
            invoice = rows[allocation["invoice_id"]]
            if {credit["status"], invoice["status"]} == {"PAID"}:
                return credit, invoice
    raise AssertionError("no credit note pays an invoice off")


def advance(url: str) -> None:
    """Let time pass, so that an UpdatedDateUTC that moves is another."""
    simulator_process.control(url, "clock", {"advance_seconds": 60})


@pytest.mark.parametrize("moves", [True, False])
def test_credit_that_is_taken_back_opens_both_documents(simulator: str, moves: bool) -> None:
    credit, invoice = applied(simulator)
    advance(simulator)

    given = {"act": "deallocate", "id": credit["xero_id"], "moves_invoice": moves}
    told = simulator_process.control(simulator, "documents", given)

    after = rows_of(simulator)
    freed, owed = after[credit["xero_id"]], after[invoice["xero_id"]]
    assert told["allocation_id"] in credit["allocations"]
    assert (freed["status"], freed["allocations"]) == ("AUTHORISED", {})
    assert freed["remaining_credit"] == credit["amount_credited"]
    assert (owed["status"], owed["fully_paid_on"]) == ("AUTHORISED", None)
    assert owed["amount_due"] == credit["amount_credited"]
    assert freed["updated_utc"] > credit["updated_utc"]
    assert (owed["updated_utc"] > invoice["updated_utc"]) is moves


@pytest.mark.parametrize("moves", [True, False])
def test_credit_is_applied_with_the_invoice_moving_or_not(simulator: str, moves: bool) -> None:
    credit, invoice = applied(simulator)
    simulator_process.control(
        simulator, "documents", {"act": "deallocate", "id": credit["xero_id"]}
    )
    before = rows_of(simulator)[invoice["xero_id"]]
    advance(simulator)

    given = {"act": "allocate", "id": credit["xero_id"], "invoice_id": invoice["xero_id"]}
    simulator_process.control(simulator, "documents", {**given, "moves_invoice": moves})

    after = rows_of(simulator)[invoice["xero_id"]]
    assert after["status"] == "PAID"
    assert (after["updated_utc"] > before["updated_utc"]) is moves


def test_invoice_shows_the_change_even_where_nothing_tells_of_it(
    person: simulator_process.Person,
) -> None:
    credit, invoice = applied(person.url)
    shown = person.get("Invoices", page=1, IDs=invoice["xero_id"]).json()["Invoices"][0]
    assert shown["AmountDue"] == 0

    given = {"act": "deallocate", "id": credit["xero_id"], "moves_invoice": False}
    simulator_process.control(person.url, "documents", given)

    again = person.get("Invoices", page=1, IDs=invoice["xero_id"]).json()["Invoices"][0]
    assert again["UpdatedDateUTC"] == shown["UpdatedDateUTC"]
    assert f"{again['AmountDue']:.2f}" == credit["amount_credited"]
    assert credit["xero_id"] not in {one["CreditNoteID"] for one in again["CreditNotes"]}


def test_lines_are_rewritten_only_where_no_money_is_applied(simulator: str) -> None:
    _, paid = applied(simulator)
    untouched = next(
        one
        for one in rows_of(simulator).values()
        if one["type"] == "ACCREC"
        and one["status"] == "AUTHORISED"
        and not (one["payments"] or one["allocations"])
    )
    lines = [{"description": "Fee", "unit_amount": "100.10", "quantity": "3"}]

    answers = {
        one["xero_id"]: requests.post(
            f"{simulator}/simulator/documents",
            json={"act": "rewrite", "id": one["xero_id"], "lines": lines},
            timeout=simulator_process.TIMEOUT,
        ).status_code
        for one in (paid, untouched)
    }

    assert answers == {paid["xero_id"]: 400, untouched["xero_id"]: 200}
    row = rows_of(simulator)[untouched["xero_id"]]
    assert (row["total"], row["amount_due"]) == ("300.30", "300.30")
    assert [(one["description"], one["quantity"]) for one in row["lines"]] == [("Fee", "3.0000")]
