"""Balances of contacts: what is due on approved invoices, less what is left of approved credits."""

from collections import defaultdict
from decimal import Decimal

from tests.support import simulator_process
from tests.support.simulator_process import Person

CREDITS = ("ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT")


def test_balance_is_what_is_due_less_what_is_left_of_credits(person: Person) -> None:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    credited = set()
    for one in simulator_process.control(person.url, "books")["documents"]:
        if one["status"] == "AUTHORISED" and one["type"] == "ACCREC":
            owed[one["contact_id"]] += Decimal(one["amount_due"])
        elif one["status"] == "AUTHORISED" and one["type"] in CREDITS:
            owed[one["contact_id"]] -= Decimal(one["remaining_credit"])
            credited.add(one["contact_id"])

    listed = person.get("Contacts", page=1, pageSize=1000, includeArchived="True").json()

    assert len(credited) > 5
    balances = {
        one["ContactID"]: Decimal(str(one["Balances"]["AccountsReceivable"]["Outstanding"]))
        for one in listed["Contacts"]
        if one["ContactID"] in owed
    }
    assert balances == owed
