"""The control calls that other tests stand on."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.support import consent_walk, simulator_client, simulator_process


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> None:
    simulator_client.post(simulator_url, "reset")


def _documents(url: str) -> dict[str, dict[str, Any]]:
    return {each["xero_id"]: each for each in simulator_client.get(url, "books")["documents"]}


def _first(url: str, kind: str, status: str = "AUTHORISED") -> dict[str, Any]:
    return next(
        each
        for each in _documents(url).values()
        if each["type"] == kind and each["status"] == status and each["amount_paid"] == "0.00"
    )


def _refusal(url: str, path: str, given: Any) -> str:
    answer = requests.post(f"{url}/simulator/{path}", json=given, timeout=simulator_process.TIMEOUT)
    assert answer.status_code == 400, answer.text
    message: str = answer.json()["error"]
    return message


def test_books_add_up_and_hold_every_kind(simulator_url: str) -> None:
    books = simulator_client.get(simulator_url, "books")

    types = {document["type"] for document in books["documents"]}
    assert types >= {
        "ACCREC",
        "ACCPAY",
        "ACCRECCREDIT",
        "RECEIVE-OVERPAYMENT",
        "RECEIVE-PREPAYMENT",
        "SPEND-OVERPAYMENT",
    }
    for each in books["documents"]:
        money = {name: Decimal(each[name]) for name in ("sub_total", "total_tax", "total")}
        assert money["total"] == money["sub_total"] + money["total_tax"]
        assert datetime.fromisoformat(each["updated_utc"]).tzinfo is not None
    assert {contact["status"] for contact in books["contacts"]} >= {"ACTIVE", "ARCHIVED"}


def test_books_of_another_organisation_are_shown_by_tenant(simulator_url: str) -> None:
    first, second, _ = simulator_client.get(simulator_url, "organisations")

    books = simulator_client.get(simulator_url, "books", tenant=second["tenant_id"])

    assert len(books["documents"]) == second["documents"]
    assert second["documents"] < first["documents"]


def test_invoice_is_raised_with_several_lines(simulator_url: str) -> None:
    contact_id = _first(simulator_url, "ACCREC")["contact_id"]

    made = simulator_client.post(
        simulator_url,
        "documents",
        act="raise",
        contact_id=contact_id,
        currency="USD",
        currency_rate="0.650000",
        reference="Term 1",
        date="2026-10-01",
        due_date="2026-10-31",
        lines=[
            {"description": "Fee", "unit_amount": "100.10", "quantity": "3", "taxed": True},
            {"description": "Book", "unit_amount": "25"},
        ],
    )

    raised = _documents(simulator_url)[made["id"]]
    assert (raised["sub_total"], raised["total_tax"], raised["total"]) == (
        "325.30",
        "30.03",
        "355.33",
    )
    assert (raised["currency"], raised["currency_rate"]) == ("USD", "0.650000")
    assert (raised["date"], raised["due_date"]) == ("2026-10-01", "2026-10-31")
    assert (raised["line_items"], raised["line_total"]) == (2, "325.30")


def test_credit_moves_both_documents(simulator_url: str) -> None:
    invoice = _first(simulator_url, "ACCREC")

    made = simulator_client.post(
        simulator_url, "documents", act="credit", id=invoice["xero_id"], amount="1.50"
    )

    documents = _documents(simulator_url)
    note = documents[made["id"]]
    before, after = Decimal(invoice["amount_due"]), documents[invoice["xero_id"]]["amount_due"]
    assert (note["kind"], note["total"], note["remaining_credit"]) == (
        "CreditNotes",
        "1.50",
        "0.00",
    )
    assert Decimal(after) == before - Decimal("1.50")


def test_overpayment_is_received_and_allocated(simulator_url: str) -> None:
    contact_id = _first(simulator_url, "ACCREC")["contact_id"]
    invoice_id = simulator_client.post(
        simulator_url, "documents", act="raise", contact_id=contact_id, amount="50"
    )["id"]
    credit_id = simulator_client.post(
        simulator_url, "documents", act="overpayment", contact_id=contact_id, amount="80"
    )["id"]

    simulator_client.post(
        simulator_url,
        "documents",
        act="allocate",
        kind="Overpayments",
        id=credit_id,
        invoice_id=invoice_id,
        amount="30",
    )

    documents = _documents(simulator_url)
    assert documents[invoice_id]["amount_credited"] == "30.00"
    assert documents[credit_id]["remaining_credit"] == "50.00"


def test_due_date_moves_silently(simulator_url: str) -> None:
    invoice = _first(simulator_url, "ACCREC")

    simulator_client.post(
        simulator_url,
        "documents",
        act="edit_due_date_silently",
        id=invoice["xero_id"],
        due_date="2027-12-31",
    )

    after = _documents(simulator_url)[invoice["xero_id"]]
    assert after == invoice | {"due_date": "2027-12-31"}


def test_touch_bumps_the_same_documents_for_the_same_seed(simulator_url: str) -> None:
    before = _documents(simulator_url)

    ids = simulator_client.post(simulator_url, "touch", count=20, seed=5)["ids"]
    after = _documents(simulator_url)
    simulator_client.post(simulator_url, "reset")
    again = simulator_client.post(simulator_url, "touch", count=20, seed=5)["ids"]

    moved = {each for each in after if after[each]["updated_utc"] > before[each]["updated_utc"]}
    assert moved == set(ids)
    assert again == ids


def test_contact_lives_from_creation_to_merger(simulator_url: str) -> None:
    winner = simulator_client.post(
        simulator_url,
        "contacts",
        act="create",
        name="Ana Example",
        number="L900001",
        email="ana@example.com",
        phone="0400 000 001",
        address={"line1": "1 Example Street", "city": "Ballarat"},
    )["id"]
    loser = simulator_client.post(simulator_url, "contacts", act="create", name="Ana Exampel")["id"]
    simulator_client.post(
        simulator_url, "contacts", act="update", id=winner, given_name="Ana", family_name="Example"
    )
    simulator_client.post(simulator_url, "contacts", act="merge", loser=loser, winner=winner)

    contacts = {
        each["contact_id"]: each
        for each in simulator_client.get(simulator_url, "books")["contacts"]
    }
    assert contacts[winner]["number"] == "L900001"
    assert contacts[winner]["given_name"] == "Ana"
    assert contacts[winner]["phone"] == "0400 000 001"
    assert contacts[winner]["address"]["city"] == "Ballarat"
    assert (contacts[loser]["status"], contacts[loser]["merged_to"]) == ("ARCHIVED", winner)


@pytest.mark.parametrize(
    ("path", "given", "words"),
    [
        ("documents", {}, "act is missing"),
        ("documents", {"act": "burn"}, "There is no act burn"),
        ("documents", {"act": "pay"}, "id is missing"),
        ("documents", {"act": "pay", "id": "none"}, "There is no document none"),
        ("documents", {"act": "touch", "id": "x", "tenant": "none"}, "no organisation none"),
        ("contacts", {"act": "create"}, "name is missing"),
        ("contacts", {"act": "archive", "id": "none"}, "There is no contact none"),
        ("contacts", {"act": "merge", "loser": "a", "winner": "b", "number": "x"}, "is one of"),
        (
            "contacts",
            {"act": "merge", "loser": "a", "winner": "b", "documents_stay": "some"},
            "documents_stay is neither",
        ),
        ("touch", {"count": "many"}, "count is no whole number"),
        ("clock", {"advance_seconds": -1}, "goes forward"),
        ("faults", {"answer": {"named": "earthquake"}}, "no fault named earthquake"),
        ("faults", {"chance": 1.5}, "number from 0 to 1"),
        ("faults", {"chance": "often"}, "number from 0 to 1"),
        ("users", {"user": "nobody"}, "There is no user nobody"),
        ("webhooks", {"enabled": True}, "no address to send to"),
        ("webhooks", {"lose_next": "some"}, "lose_next makes no sense"),
        ("webhooks/intent", {}, "no address to check"),
        ("documents", ["a", "list"], "no JSON object"),
    ],
)
def test_call_that_makes_no_sense_is_refused_with_the_reason(
    simulator_url: str, path: str, given: Any, words: str
) -> None:
    assert words in _refusal(simulator_url, path, given)


def test_body_that_is_no_json_is_refused(simulator_url: str) -> None:
    answer = requests.post(
        f"{simulator_url}/simulator/touch", data=b"{", timeout=simulator_process.TIMEOUT
    )

    assert (answer.status_code, answer.json()) == (400, {"error": "The body is no JSON."})


def test_clock_jumps_and_goes_back_with_a_reset(simulator_url: str) -> None:
    before = datetime.fromisoformat(simulator_client.get(simulator_url, "clock")["now"])
    consent_walk.advance(simulator_url, days=3)
    jumped = datetime.fromisoformat(simulator_client.get(simulator_url, "clock")["now"])
    simulator_client.post(simulator_url, "reset")
    after = datetime.fromisoformat(simulator_client.get(simulator_url, "clock")["now"])

    assert (jumped - before).days == 3
    assert (after - before).total_seconds() < 60


def test_calls_are_logged_and_forgotten(simulator_url: str) -> None:
    consent_walk.ask(simulator_url)
    consent_walk.connections(simulator_url, "garbage")

    calls = simulator_client.get(simulator_url, "calls")
    later = simulator_client.get(simulator_url, "calls", since=str(calls[0]["n"]))
    requests.delete(f"{simulator_url}/simulator/calls", timeout=simulator_process.TIMEOUT)

    assert [(call["method"], call["path"], call["status"]) for call in calls] == [
        ("GET", "/identity/connect/authorize", 200),
        ("GET", "/connections", 401),
    ]
    assert later == calls[1:]
    assert simulator_client.get(simulator_url, "calls") == []


def test_faults_are_cleared(simulator_url: str) -> None:
    simulator_client.post(
        simulator_url, "faults", match={"host": "identity"}, times=-1, answer={"status": 500}
    )
    spoiled = consent_walk.ask(simulator_url)
    requests.delete(f"{simulator_url}/simulator/faults", timeout=simulator_process.TIMEOUT)

    assert (spoiled.status_code, consent_walk.ask(simulator_url).status_code) == (500, 200)


def test_organisation_goes_offline_and_comes_back(simulator_url: str) -> None:
    person = simulator_process.connect(simulator_url)

    simulator_client.post(simulator_url, f"organisations/{person.tenant_id}", status="offline")
    offline = person.get("Organisation")
    simulator_client.post(simulator_url, f"organisations/{person.tenant_id}", status="online")

    assert (offline.status_code, offline.text) == (503, "The Organisation is offline")
    assert person.get("Organisation").status_code == 200


def test_calls_are_forbidden_when_app_is_removed_inside_xero(simulator_url: str) -> None:
    person = simulator_process.connect(simulator_url)

    simulator_client.post(simulator_url, "disconnect", tenant=person.tenant_id)

    answer = person.get("Organisation")
    assert (answer.status_code, answer.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_raw_elements_are_served_as_they_stand_until_a_reset(simulator_url: str) -> None:
    element = {"InvoiceID": "243216c5-369e-4056-ac67-05388f86dc81", "Odd": {"Field": [1.50]}}
    simulator_client.post(simulator_url, "replay", documents={"Invoices": [element]}, contacts=[])

    served = simulator_process.connect(simulator_url).get("Invoices").json()["Invoices"]
    simulator_client.post(simulator_url, "reset")

    assert served == [element]
    assert len(simulator_process.connect(simulator_url).get("Invoices").json()["Invoices"]) > 1


def test_reset_puts_everything_back(simulator_url: str) -> None:
    before = _documents(simulator_url)
    simulator_process.connect(simulator_url)
    simulator_client.post(simulator_url, "touch", count=50)
    simulator_client.post(
        simulator_url,
        "documents",
        act="raise",
        amount="5",
        contact_id=_first(simulator_url, "ACCREC")["contact_id"],
    )
    simulator_client.post(simulator_url, "webhooks", double=True)

    simulator_client.post(simulator_url, "reset")

    assert _documents(simulator_url) == before
    assert simulator_client.get(simulator_url, "connections") == []
    assert simulator_client.get(simulator_url, "tokens") == {"grants": []}
    assert simulator_client.get(simulator_url, "webhooks")["double"] is False


@pytest.mark.parametrize(
    "script",
    [
        {"times": "x"},
        {"times": None},
        {"times": 1.5},
        {"times": -2},
        {"answer": 5},
        {"answer": []},
        {"answer": [{"status": 500}, 7]},
        {"match": 3},
        {"match": {"path": 3}},
        {"match": {"host": None}},
        {"chance": "x"},
        {"answer": {"delay_seconds": "x"}},
        {"answer": {"delay_seconds": -1}},
        {"answer": {"late_seconds": None}},
        {"answer": {"status": "x"}},
        {"answer": {"status": 9999}},
        {"answer": {"named": ["minute"]}},
        {"answer": {"cut": 1}},
        {"answer": {"body": 5}},
        {"answer": {"headers": "x"}},
        {"answer": {"headers": {"Retry-After": 5}}},
    ],
)
def test_fault_that_makes_no_sense_is_refused_in_a_sentence(
    simulator_url: str, script: dict[str, Any]
) -> None:
    assert _refusal(simulator_url, "faults", script).endswith(".")


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("documents", {"act": "raise", "contact_id": "x", "lines": 5}),
        ("documents", {"act": "raise", "contact_id": "x", "lines": [5]}),
        ("documents", {"act": "deallocate", "id": "x", "moves_invoice": "no"}),
        ("contacts", {"act": "create", "name": "Ana", "address": "1 Example Street"}),
        ("contacts", {"act": "create", "name": "Ana", "address": {"planet": "Earth"}}),
        ("clock", {"advance_seconds": 10**12}),
        ("replay", {"documents": [1]}),
        ("replay", {"contacts": "x"}),
    ],
)
def test_call_that_makes_no_sense_is_refused_in_a_sentence(
    simulator_url: str, path: str, given: dict[str, Any]
) -> None:
    assert _refusal(simulator_url, path, given).endswith(".")
