"""The simulator's books beside the LRM's report: every sales document, field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

# The simulator speaks Xero's types; the report has one word a kind. Other types are a supplier's.
KINDS = {
    "ACCREC": "INVOICE",
    "ACCRECCREDIT": "CREDIT_NOTE",
    "RECEIVE-OVERPAYMENT": "OVERPAYMENT",
    "RECEIVE-PREPAYMENT": "PREPAYMENT",
}
FIELDS = ("kind", "number", "status", "date", "due_date", "currency", "total", "amount_due")
MOST_SHOWN = 5

Row = Mapping[str, Any]


def sales_documents(documents: Sequence[Row], *, since: str, until: str) -> dict[str, Row]:
    """Return the sales documents of the simulator dated in the range (ISO days), by Xero id.

    What is still due is the remaining credit of a credit, and nothing of a voided document.
    """
    return {
        row["xero_id"]: {
            **row,
            "kind": KINDS[row["type"]],
            "amount_due": row["amount_due"]
            if row["kind"] == "Invoices"
            else row["remaining_credit"],
        }
        for row in documents
        if row["type"] in KINDS and since <= row["date"] <= until
    }


def differences(expected: Mapping[str, Row], report: Sequence[Row]) -> list[str]:
    """Return a sentence for each document that is missing, too much, or not equal."""
    found = {row["xero_id"]: row for row in report}
    sentences = [f"{_name(row)} is missing" for key, row in expected.items() if key not in found]
    sentences += [f"{_name(row)} is too much" for key, row in found.items() if key not in expected]
    if len(found) != len(report):
        sentences.append(f"{len(report) - len(found)} rows come twice")
    for key in expected.keys() & found.keys():
        sentences += _unequal(expected[key], found[key])
    return sentences


def _unequal(expected: Row, found: Row) -> list[str]:
    return [
        f"{_name(expected)}: {name} is {found[name]!r}, in the books {expected[name]!r}"
        for name in FIELDS
        if (found[name] or None) != (expected[name] or None)
    ]


def _name(row: Row) -> str:
    return f"{row['kind']} {row['number'] or row['xero_id']}"
