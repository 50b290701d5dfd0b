"""Knobs that spoil a walk: small pages, late answers, documents on the move, many organisations."""

import concurrent.futures

from tests.support import simulator_process


def test_late_answer_is_as_old_as_its_act_when_it_arrives(person: simulator_process.Person) -> None:
    listed = person.get("Invoices", page=1, where='Type=="ACCREC" AND Status=="AUTHORISED"')
    invoice_id = listed.json()["Invoices"][0]["InvoiceID"]
    fault = {"match": {"path": "/Invoices"}, "answer": {"late_seconds": 60}}
    simulator_process.control(person.url, "faults", fault)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(person.get, f"Invoices/{invoice_id}")
        simulator_process.wait_until_held(person.url)
        pay = {"act": "pay", "tenant": person.tenant_id, "id": invoice_id}
        simulator_process.control(person.url, "documents", pay)
        simulator_process.control(person.url, "clock", {"advance_seconds": 61})
        answer = waiting.result(timeout=simulator_process.TIMEOUT).json()

    assert answer["Invoices"][0]["Status"] == "AUTHORISED"
    assert person.get(f"Invoices/{invoice_id}").json()["Invoices"][0]["Status"] == "PAID"


def test_document_given_another_day_moves_its_update_time(person: simulator_process.Person) -> None:
    invoice_id = person.get("Invoices", page=1).json()["Invoices"][0]["InvoiceID"]
    before = person.get(f"Invoices/{invoice_id}").json()["Invoices"][0]

    redate = {"act": "redate", "tenant": person.tenant_id, "id": invoice_id, "date": "2019-05-06"}
    simulator_process.control(person.url, "documents", redate)

    after = person.get(f"Invoices/{invoice_id}").json()["Invoices"][0]
    assert after["DateString"] == "2019-05-06T00:00:00"
    assert after["UpdatedDateUTC"] != before["UpdatedDateUTC"]


def test_books_tell_payments_and_allocations(person: simulator_process.Person) -> None:
    rows = simulator_process.control(person.url, f"books?tenant={person.tenant_id}")["documents"]

    paid = next(one for one in rows if one["payments"])
    assert sum(float(one["amount"]) for one in paid["payments"].values()) == float(
        paid["amount_paid"]
    )
    credit = next(one for one in rows if one["type"] == "ACCRECCREDIT" and one["allocations"])
    ids = {one["xero_id"] for one in rows}
    assert {one["invoice_id"] for one in credit["allocations"].values()} <= ids


def test_pages_are_no_larger_than_the_server_wants_and_say_so() -> None:
    with simulator_process.running(
        "--no-limits", "--documents", "100", "--max-page-size", "7"
    ) as url:
        person = simulator_process.connect(url)

        answer = person.get("Invoices", page=1, pageSize=1000).json()

    assert len(answer["Invoices"]) == 7
    assert answer["pagination"]["pageSize"] == 7
    assert answer["pagination"]["pageCount"] == -(-answer["pagination"]["itemCount"] // 7)


def test_as_many_organisations_as_asked_for_are_there() -> None:
    with simulator_process.running(
        "--no-limits", "--documents", "30", "--contacts", "10", "--organisations", "9"
    ) as url:
        listed = simulator_process.control(url, "organisations")
        last = simulator_process.connect(url, organisation=8)

        answer = last.get("Contacts", page=1).json()

    assert len({one["tenant_id"] for one in listed}) == len({one["name"] for one in listed}) == 9
    assert answer["Contacts"]


def test_fault_meets_only_the_calls_that_ask_for_something(
    person: simulator_process.Person,
) -> None:
    listed = person.get("Invoices", page=1, pageSize=2).json()["Invoices"]
    first, second = (one["InvoiceID"] for one in listed)
    match = {"path": "/Invoices", "query": f"IDs=.*{first}"}
    simulator_process.control(
        person.url, "faults", {"match": match, "times": -1, "answer": {"status": 500}}
    )

    assert person.get("Invoices", IDs=f"{second},{first}").status_code == 500
    assert person.get("Invoices", IDs=second).status_code == 200


def test_lists_of_more_than_may_be_listed_are_refused_paged_ones_too() -> None:
    with simulator_process.running("--most-listed", "100") as url:
        person = simulator_process.connect(url)
        window = "UpdatedDateUTC>=DateTime(2006,01,01,00,00,00) AND UpdatedDateUTC<"

        everything = person.get("Invoices", page=1)
        nothing = person.get("Invoices", page=1, where=f"{window}DateTime(2006,01,02,00,00,00)")
        contacts = person.get("Contacts", page=1)

    assert (everything.status_code, contacts.status_code) == (400, 400)
    assert everything.text.startswith("Your request is not filtering Invoices efficiently")
    assert (nothing.status_code, nothing.json()["Invoices"]) == (200, [])
