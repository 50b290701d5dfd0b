"""Every answer of the simulator against the contract with Xero, and every webhook.

Besides what the schemas say, no answer may hold a member that they do not know. Where Xero's
official OpenAPI specification is here, each check asks that too (`tests.contract.checks`).
"""

from typing import Any

import pytest
import requests

from tests.contract import checks, examples, extract, validation
from tests.support import simulator_process, webhook_receiver
from tests.support.simulator_process import Person

KINDS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments")
PAGED = {"page": 1, "pageSize": 1000}
ANSWERS = (
    ("Organisation", {}, "Organisations"),
    *((kind, {}, kind) for kind in KINDS),
    *((kind, PAGED, kind) for kind in (*KINDS, "Payments")),
    ("Invoices", {"summaryOnly": "true", "page": 1}, "Invoices"),
    ("Contacts", {}, "Contacts"),
    ("Contacts", {**PAGED, "includeArchived": "true"}, "Contacts"),
    ("Contacts", {"summaryOnly": "true", "page": 1}, "Contacts"),
)
# Categories of events that are newer than the extract, with the version of the specification
# that brought them; the first two carry `data`.
NEWER = {"PREPAYMENT": "17.0.0", "OVERPAYMENT": "18.0.0", "PAYMENT": "20.0.0"}


@pytest.mark.parametrize(("path", "query", "collection"), ANSWERS)
def test_list_agrees_with_the_contract(
    person: Person, path: str, query: dict[str, Any], collection: str
) -> None:
    answer = person.get(path, **query).json()

    checks.check_answer(collection, answer)


@pytest.mark.parametrize("kind", [*KINDS, "Contacts", "Payments"])
def test_single_answer_agrees_with_the_contract(person: Person, kind: str) -> None:
    listed = person.get(kind, page=1, pageSize=5).json()[kind]
    ids = [each[f"{kind[:-1]}ID"] for each in listed]

    for each in ids:
        checks.check_answer(kind, person.get(f"{kind}/{each}").json())


def test_online_invoice_and_allocations_agree_with_the_contract(person: Person) -> None:
    invoices = person.get("Invoices", where='Type=="ACCREC" AND Status=="AUTHORISED"').json()
    notes = person.get("CreditNotes", page=1, pageSize=1000).json()["CreditNotes"]
    used = next(each for each in notes if each["Allocations"])

    online = person.get(f"Invoices/{invoices['Invoices'][0]['InvoiceID']}/OnlineInvoice").json()
    allocations = person.get(f"CreditNotes/{used['CreditNoteID']}/Allocations").json()

    checks.check_answer("OnlineInvoices", online)
    checks.check_answer("Allocations", allocations)


def test_contact_answers_and_refusals_agree_with_the_contract(person: Person) -> None:
    created = person.send("PUT", "Contacts", {"Name": "By The Book"})
    contact_id = created.json()["Contacts"][0]["ContactID"]
    changed = person.send("POST", f"Contacts/{contact_id}", {"LastName": "Book"})
    refused = person.send("PUT", "Contacts", {"Name": "By The Book"})
    body = {"Contacts": [{"Name": "Another"}, {"Name": "By The Book"}]}
    mixed = person.send("PUT", "Contacts", body, params={"summarizeErrors": "false"})

    checks.check_answer("Contacts", created.json())
    checks.check_answer("Contacts", changed.json())
    checks.check_answer("Contacts", mixed.json())
    assert refused.status_code == 400
    checks.check_value("accounting", "Error", refused.json())


def test_refused_filter_agrees_with_the_contract(person: Person) -> None:
    refused = person.get("Invoices", where="Type==")

    assert refused.status_code == 400
    checks.check_value("accounting", "Error", refused.json())


def test_connections_and_tokens_agree_with_the_contract(person: Person) -> None:
    answer = requests.get(
        f"{person.url}/connections", headers=person.headers, timeout=simulator_process.TIMEOUT
    ).json()

    assert answer
    for one in answer:
        checks.check_value("identity", "Connection", one)
    checks.check_value("identity", "AccessToken", person.tokens)


@pytest.fixture
def events(person: Person) -> dict[str, dict[str, Any]]:
    """Let something happen of every category; return a body with one event of each, by category."""
    invoice = next(
        one
        for one in simulator_process.control(person.url, "books")["documents"]
        if (one["type"], one["status"]) == ("ACCREC", "AUTHORISED")
        and one["amount_due"] == one["total"]
    )
    received = {"contact_id": invoice["contact_id"], "amount": "25.50"}
    with webhook_receiver.listening() as listener:
        subscription = {"url": listener.url, "key": webhook_receiver.KEY, "enabled": True}
        simulator_process.control(person.url, "webhooks", subscription)
        simulator_process.control(person.url, "contacts", {"act": "create", "name": "Wren Example"})
        for act in (
            {"act": "pay", "id": invoice["xero_id"], "amount": "1.00"},
            {"act": "credit", "id": invoice["xero_id"]},
            {"act": "overpayment", **received},
            {"act": "prepayment", **received},
        ):
            simulator_process.control(person.url, "documents", act)
        simulator_process.control(person.url, "webhooks/flush", {})
        simulator_process.control(person.url, "webhooks", {"enabled": False})
    return {
        event["eventCategory"]: post.content | {"events": [event]}
        for post in listener.posts
        for event in post.content["events"]
    }


def test_webhooks_agree_with_the_contract(events: dict[str, dict[str, Any]]) -> None:
    checks.check_value("webhooks", "WebhookEvent", events["INVOICE"])
    checks.check_value("webhooks", "WebhookEvent", events["CONTACT"])
    checks.check_value("webhooks", "CreditNoteWebhookEvent", events["CREDITNOTE"])


def test_webhooks_of_newer_categories_differ_by_name_and_data_only(
    events: dict[str, dict[str, Any]],
) -> None:
    """The extract is older than these categories. Once it knows them, this test says so."""
    webhooks = extract.interface("webhooks")
    found = {name: validation.faults_of(webhooks, "WebhookEvent", events[name]) for name in NEWER}

    unknown = {
        name: f"WebhookEvent.events[0].eventCategory: {name!r} is not allowed" for name in NEWER
    }
    data = "WebhookEvent.events[0].data is not declared"
    assert found == {
        "PREPAYMENT": [unknown["PREPAYMENT"], data],
        "OVERPAYMENT": [unknown["OVERPAYMENT"], data],
        "PAYMENT": [unknown["PAYMENT"]],
    }


@pytest.mark.parametrize("source", examples.SOURCES)
def test_examples_are_served_as_they_stand(person: Person, source: str) -> None:
    given = examples.lists(source)
    documents = {kind: given[kind] for kind in KINDS}

    simulator_process.control(
        person.url, "replay", {"documents": documents, "contacts": given["Contacts"]}
    )

    for kind in KINDS:
        assert person.get(kind, page=1).json()[kind] == documents[kind]
    contacts = person.get("Contacts", page=1, includeArchived="true").json()["Contacts"]
    assert contacts == given["Contacts"]
