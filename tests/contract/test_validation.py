"""The validator finds what is wrong: a check that cannot fail would check nothing."""

import json
from typing import Any

import pytest

from tests.contract import conformity, examples, extract, recording, validation

ACCOUNTING = extract.interface("accounting")
ANSWER: dict[str, Any] = {
    "Id": "5eed0000-0000-4000-8000-000000000999",
    "Status": "OK",
    "ProviderName": "A made-up app",
    "DateTimeUTC": "/Date(1772841600000)/",
    "pagination": {"page": 1, "pageSize": 100, "pageCount": 1, "itemCount": 7},
    "Invoices": examples.lists(examples.MADE_UP)["Invoices"],
}
GONE = object()


def spoiled(path: str, value: Any) -> dict[str, Any]:
    """Return the answer with something else in one place, or without it."""
    answer: dict[str, Any] = json.loads(json.dumps(ANSWER))
    *steps, last = path.split(".")
    place: Any = answer
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return answer


def test_answer_in_order_has_no_faults() -> None:
    assert validation.faults_of_answer(ACCOUNTING, "Invoices", ANSWER) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("Invoices.1.InvoiceId", "x", "Invoices.Invoices[1].InvoiceId is not declared"),
        ("Invoices.0.Contact.ContactNo", "", "Contact.ContactNo is not declared"),
        ("Invoices.0.Contact.DateString", "", "Contact.DateString is not declared"),
        ("Invoices.0.InvoiceID", "5eed", "'5eed' is no uuid"),
        ("Invoices.0.InvoiceID", None, "None is no text"),
        ("Invoices.0.InvoiceNumber", 7, "7 is no text"),
        ("Invoices.0.InvoiceNumber", "9" * 256, "InvoiceNumber is longer than 255"),
        ("Invoices.0.Status", "TELEPORTED", "'TELEPORTED' is not allowed"),
        ("Invoices.0.CurrencyCode", "XXQ", "'XXQ' is not allowed"),
        ("Invoices.0.Total", "40.00", "'40.00' is no number"),
        ("Invoices.0.Total", True, "True is no number"),
        ("Invoices.0.SentToContact", "true", "'true' is no boolean"),
        ("Invoices.0.Date", "2026-02-28", "'2026-02-28' is no date"),
        ("Invoices.0.UpdatedDateUTC", "/Date(1+1000)/", "is no instant"),
        ("Invoices.0.UpdatedDateUTCString", "2026-03-01T00:00:00", "is no instant string"),
        ("Invoices.0.DateString", "2026-02-28T00:00:00Z", "is no date string"),
        ("Invoices.0.Payments", {}, "Payments: a list is expected"),
        ("Invoices.0.Payments", [7], "Payments[0]: an object is expected"),
        ("Invoices.0.Contact", [], "Contact: an object is expected"),
        ("pagination.pageCount", 1.5, "1.5 is no integer"),
        ("pagination.PageCount", 1, "pagination.PageCount is not declared"),
        ("Invoices", GONE, "Invoices is missing"),
        ("Id", GONE, "envelope.Id is missing"),
        ("Status", "NOTOK", "envelope.Status: 'NOTOK' is not allowed"),
        ("DateTimeUTC", "2026-03-07", "envelope.DateTimeUTC: '2026-03-07' is no instant"),
    ],
)
def test_fault_is_found_and_named(path: str, value: Any, fault: str) -> None:
    (found,) = validation.faults_of_answer(ACCOUNTING, "Invoices", spoiled(path, value))

    assert fault in found


def test_answer_without_its_envelope_is_four_faults() -> None:
    bare = {"Invoices": ANSWER["Invoices"]}

    assert len(validation.faults_of_answer(ACCOUNTING, "Invoices", bare)) == 4
    assert validation.faults_of_answer(ACCOUNTING, "Invoices", []) != []


def test_member_that_must_be_there_is_missed() -> None:
    found = validation.faults_of(ACCOUNTING, "Allocation", {"Amount": 1})

    assert found == ["Allocation.Date is missing", "Allocation.Invoice is missing"]


def test_member_that_can_only_be_read_is_not_sent() -> None:
    contact = {"Name": "Wren Example", "UpdatedDateUTC": "/Date(0)/"}

    assert validation.faults_of(ACCOUNTING, "Contact", contact) == []
    assert validation.faults_of(ACCOUNTING, "Contact", contact, is_sent=True) == [
        "Contact.UpdatedDateUTC can only be read"
    ]


def a_call(**different: Any) -> recording.Exchange:
    """Return a call for invoices as the product makes it, with something different."""
    given: dict[str, Any] = {
        "method": "GET",
        "path": "/api.xro/2.0/Invoices",
        "query": {"page": "1"},
        "headers": {
            "xero-tenant-id": "5eed0000-0000-4000-8000-000000000000",
            "authorization": "Bearer made-up",
            "if-modified-since": "2026-03-01T12:17:43+00:00",
        },
        "sent": None,
        "status": 200,
        "answer": ANSWER,
        **different,
    }
    return recording.Exchange(**given)


@pytest.mark.parametrize(
    "where",
    [
        'Type=="ACCREC" AND Date>=DateTime(2026,03,01)',
        '(Type=="ACCREC" OR Type=="ACCPAY") AND UpdatedDateUTC<DateTime(2026,03,01,12,00,00)',
        'InvoiceNumber=="7"" or Type==""" OR Reference==""',
        'Contact.ContactID==Guid("5eed0000-0000-4000-8000-000000000001")',
    ],
)
def test_call_in_order_has_no_faults(where: str) -> None:
    call = a_call(query={"page": "1", "unitdp": "4", "order": "InvoiceID ASC", "where": where})

    assert conformity.faults_of(ACCOUNTING, call) == []


@pytest.mark.parametrize(
    ("different", "fault"),
    [
        ({"query": {"Page": "1"}}, "query Page is not declared"),
        ({"query": {"page": "one"}}, "query page: 'one' is no integer"),
        ({"query": {"includeArchived": "1"}}, "query includeArchived: '1' is no boolean"),
        ({"query": {"IDs": "5eed,7"}}, "query IDs: '5eed' is no uuid"),
        ({"query": {"order": "InvoiceId ASC"}}, "names no member"),
        ({"query": {"where": 'Kind=="ACCREC"'}}, "where names Kind, which is no member"),
        ({"query": {"where": 'Contact.Kind=="x"'}}, "where names Contact.Kind"),
        ({"query": {"where": 'Type=="SALES"'}}, 'where: Type is never "SALES"'),
        ({"query": {"where": "Date>=2026-03-01"}}, "where is not understood"),
        ({"query": {"where": 'InvoiceID=="5eed"'}}, "where compares InvoiceID"),
        ({"query": {"where": 'Type=="ACCREC" XOR Type=="ACCPAY"'}}, "where is not understood"),
        ({"headers": {}}, "header xero-tenant-id is missing"),
        ({"headers": {"xero-tenant-id": "x", "x-new": "1"}}, "header x-new is not declared"),
        ({"sent": {}}, "a body is sent where none is expected"),
        ({"status": 204}, "the answer's status 204 is not declared"),
        ({"answer": {**ANSWER, "Invoices": [{"Status": "GONE"}]}}, "'GONE' is not allowed"),
    ],
)
def test_fault_of_a_call_is_found_and_named(different: dict[str, Any], fault: str) -> None:
    assert any(fault in one for one in conformity.faults_of(ACCOUNTING, a_call(**different)))


def test_body_that_is_sent_is_looked_at() -> None:
    body = {"Contacts": [{"Name": "Wren Example", "Phone": "5550 1203"}]}
    call = a_call(
        method="PUT", path="/api.xro/2.0/Contacts", query={}, sent=body, status=400, answer={}
    )

    faults = conformity.faults_of(ACCOUNTING, call)

    assert "Contacts.Contacts[0].Phone is not declared" in faults


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "Invoices"), ("GET", "Bills"), ("GET", "Invoices/7"), ("GET", "Invoices/")],
)
def test_call_that_is_no_operation_is_refused(method: str, path: str) -> None:
    with pytest.raises(LookupError):
        conformity.operation_of(ACCOUNTING, method, f"/api.xro/2.0/{path}")
