"""What this Xero does only now and then, or only where it is told to."""

import re
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.support import simulator_client, simulator_process
from tests.support.simulator_process import Person

UNDASHED = str.maketrans("", "", "-")


def documents(person: Person, **wanted: str) -> list[dict[str, Any]]:
    """Return the documents of the books that are as wanted."""
    rows: list[dict[str, Any]] = simulator_process.control(person.url, "books")["documents"]
    return [row for row in rows if wanted.items() <= row.items()]


def do(person: Person, path: str, **given: Any) -> Any:
    """Do something behind Xero's back."""
    return simulator_client.post(person.url, path, **given)


def shown(person: Person, kind: str, xero_id: str) -> dict[str, Any]:
    """Return a document as Xero shows it."""
    (found,) = person.get(f"{kind}/{xero_id}").json()[kind]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("keeps_due", [False, True])
def test_void_document_shows_nothing_due_unless_told_otherwise(
    person: Person, keeps_due: bool
) -> None:
    contact_id = documents(person, type="ACCREC")[0]["contact_id"]
    made = {
        kind: do(person, "documents", act=act, contact_id=contact_id, amount="40.00")["id"]
        for kind, act in {"Invoices": "raise", "Overpayments": "overpayment"}.items()
    }

    for xero_id in made.values():
        do(person, "documents", act="void", id=xero_id, keeps_due=keeps_due)

    left = 40.0 if keeps_due else 0.0
    invoice = shown(person, "Invoices", made["Invoices"])
    credit = shown(person, "Overpayments", made["Overpayments"])
    assert (invoice["Status"], invoice["AmountDue"], invoice["Total"]) == ("VOIDED", left, 40.0)
    assert (credit["Status"], credit["RemainingCredit"]) == ("VOIDED", left)
    (row,) = documents(person, xero_id=made["Invoices"])
    assert Decimal(row["amount_due"]) == Decimal(left)


@pytest.mark.parametrize("name", ["ZOE MULLER-GARCIA", "zoë müller-garcía", "Zoé Muller-Garcia"])
def test_names_are_equal_whatever_their_accents(person: Person, name: str) -> None:
    made = do(person, "contacts", act="create", name="Zoë Müller-García", email="zoë@example.com")

    by_name = person.get("Contacts", where=f'Name=="{name}"').json()["Contacts"]
    by_address = person.get("Contacts", where='EmailAddress=="ZOE@example.com"').json()["Contacts"]
    others = person.get("Contacts", where=f'Name!="{name}"').json()["Contacts"]

    assert [one["ContactID"] for one in (*by_name, *by_address)] == [made["id"]] * 2
    assert made["id"] not in [one["ContactID"] for one in others]


@pytest.mark.parametrize("ignores", [False, True])
def test_name_is_taken_by_one_with_accents_where_xero_ignores_them(
    person: Person, ignores: bool
) -> None:
    do(person, "contacts", act="create", name="José Example")
    do(person, "habits", names_ignore_accents=ignores)

    answer = person.send("PUT", "Contacts", {"Contacts": [{"Name": "Jose Example"}]})

    assert answer.status_code == (400 if ignores else 200)
    do(person, "reset")
    assert do(person, "habits")["names_ignore_accents"] is False


def test_ids_are_read_without_dashes(person: Person) -> None:
    invoice = next(one for one in documents(person, type="ACCREC") if one["payments"])
    plain, contact = (invoice[name].translate(UNDASHED) for name in ("xero_id", "contact_id"))
    payment = next(iter(invoice["payments"])).translate(UNDASHED)

    single = person.get(f"Invoices/{plain.upper()}").json()["Invoices"]
    named = person.get("Invoices", IDs=plain).json()["Invoices"]
    where = person.get("Invoices", where=f'InvoiceID==Guid("{plain}")').json()["Invoices"]
    of_contact = person.get("Invoices", ContactIDs=contact).json()["Invoices"]
    contacts = person.get("Contacts", IDs=contact).json()["Contacts"]

    assert {one["InvoiceID"] for one in (*single, *named, *where)} == {invoice["xero_id"]}
    assert invoice["xero_id"] in [one["InvoiceID"] for one in of_contact]
    assert [one["ContactID"] for one in contacts] == [invoice["contact_id"]]
    assert person.get(f"Contacts/{contact}").status_code == 200
    assert person.get(f"Payments/{payment}").status_code == 200
    assert person.get("Invoices", where='InvoiceID==Guid("5eed")').status_code == 400
    headers = {"xero-tenant-id": person.tenant_id.translate(UNDASHED)}
    assert person.get("Organisation", headers=headers).status_code == 200


def test_payments_are_found_by_the_number_of_their_invoice(person: Person) -> None:
    invoice = next(one for one in documents(person, type="ACCREC") if one["payments"])

    where = f'Invoice.InvoiceNumber=="{invoice["number"]}"'
    found = person.get("Payments", where=where).json()["Payments"]

    assert {one["PaymentID"] for one in found} == set(invoice["payments"])


@pytest.mark.parametrize(
    ("kind", "act", "type", "is_sale"),
    [
        ("Overpayments", "overpayment", "AROVERPAYMENT", True),
        ("Overpayments", "overpayment", "APOVERPAYMENT", False),
        ("Prepayments", "prepayment", "ARPREPAYMENT", True),
        ("Prepayments", "prepayment", "APPREPAYMENT", False),
    ],
)
def test_other_spellings_of_types_are_made_and_found(
    person: Person, kind: str, act: str, type: str, is_sale: bool
) -> None:
    contact_id = do(person, "contacts", act="create", name="Wren Example")["id"]
    given = {"contact_id": contact_id, "amount": "30.00", "type": type}
    xero_id = do(person, "documents", act=act, **given)["id"]
    do(person, "documents", act="pay", id=xero_id, amount="10.00")

    listed = person.get(kind, where=f'Type=="{type}"', page=1).json()[kind]
    payments = person.get("Payments", page=1, order="UpdatedDateUTC DESC").json()["Payments"]
    (contact,) = person.get(f"Contacts/{contact_id}").json()["Contacts"]

    assert [(one["Type"], one["RemainingCredit"]) for one in listed] == [(type, 20.0)]
    assert payments[0]["Invoice"]["InvoiceID"] == xero_id
    side = "AccountsReceivable" if is_sale else "AccountsPayable"
    assert contact["Balances"][side]["Outstanding"] == -20.0


def test_prepayments_list_overpayments_too_unless_a_type_is_asked_for(person: Person) -> None:
    do(person, "habits", prepayments_list_overpayments=True)
    mine = {one["xero_id"] for one in documents(person, kind="Prepayments")}
    others = {one["xero_id"] for one in documents(person, kind="Overpayments")}

    mixed = person.get("Prepayments", page=1, pageSize=1000).json()["Prepayments"]
    asked = person.get(
        "Prepayments", page=1, pageSize=1000, where='Type=="RECEIVE-PREPAYMENT"'
    ).json()["Prepayments"]

    assert {one["ID"] for one in mixed} == mine | others
    assert {one["Type"] for one in asked} == {"RECEIVE-PREPAYMENT"}


def test_suppliers_bills_may_share_a_number_and_invoices_may_not(person: Person) -> None:
    contacts = simulator_process.control(person.url, "books")["contacts"]
    suppliers = [one["contact_id"] for one in contacts if one["is_supplier"]][:2]
    bill = {"act": "raise", "type": "ACCPAY", "amount": "12.00", "number": "7"}

    made = {do(person, "documents", contact_id=one, **bill)["id"] for one in suppliers}
    again = requests.post(
        f"{person.url}/simulator/documents",
        json={"act": "raise", "contact_id": suppliers[0], "amount": "1", "number": "INV-0001"},
        timeout=simulator_process.TIMEOUT,
    )

    found = person.get("Invoices", InvoiceNumbers="7").json()["Invoices"]
    assert {one["InvoiceID"] for one in found} == made
    assert (again.status_code, again.json()) == (400, {"error": "Invoice # must be unique."})


@pytest.mark.parametrize("kind", ["Invoices", "CreditNotes"])
def test_document_comes_as_a_pdf_where_that_is_asked_for(person: Person, kind: str) -> None:
    document = documents(person, kind=kind)[0]
    headers = {"Accept": "application/pdf"}

    answer = person.get(f"{kind}/{document['xero_id']}", headers=headers)

    assert answer.headers["Content-Type"] == "application/pdf"
    body = answer.content
    assert body.startswith(b"%PDF-1.")
    assert body.endswith(b"%%EOF\n")
    # Each object begins where the table says, and the table where the end says.
    table = int(re.findall(rb"startxref\n(\d+)", body)[0])
    starts = [int(one) for one in re.findall(rb"(\d{10}) 00000 n ", body[table:])]
    assert body[table:].startswith(b"xref\n0 6\n")
    assert [body[at:].split(b" ")[0] for at in starts] == [b"1", b"2", b"3", b"4", b"5"]
    assert document["number"].encode() in body
    # The specification's `/pdf` behind the id is its own way of telling two answers apart.
    assert person.get(f"{kind}/{document['xero_id']}/pdf").status_code == 404


def test_over_and_prepayments_have_no_pdf(person: Person) -> None:
    document = documents(person, kind="Overpayments")[0]

    answer = person.get(
        f"Overpayments/{document['xero_id']}", headers={"Accept": "application/pdf"}
    )

    assert answer.headers["Content-Type"].startswith("application/json")


def test_contact_carries_terms_batch_payments_and_every_line_of_an_address(
    person: Person,
) -> None:
    sent = {
        "Name": "Wren Example",
        "Addresses": [
            {
                "AddressType": "STREET",
                **{f"AddressLine{at}": f"Line {at}" for at in range(1, 5)},
                "AttentionTo": "Accounts",
            }
        ],
        "PaymentTerms": {
            "Bills": {"Day": 12, "Type": "OFFOLLOWINGMONTH"},
            "Sales": {"Day": 14, "Type": "DAYSAFTERBILLDATE"},
        },
        "BatchPayments": {
            "BankAccountNumber": "12-3456",
            "BankAccountName": "W Example",
            "Details": "Fees",
            "Code": "C1",
            "Reference": "R1",
        },
    }
    (made,) = person.send("PUT", "Contacts", {"Contacts": [sent]}).json()["Contacts"]

    (paged,) = person.get("Contacts", page=1, IDs=made["ContactID"]).json()["Contacts"]
    (listed,) = person.get("Contacts", IDs=made["ContactID"]).json()["Contacts"]
    (renamed,) = person.send(
        "POST", f"Contacts/{made['ContactID']}", {"Contacts": [{"Name": "Wren Other"}]}
    ).json()["Contacts"]

    street = next(one for one in paged["Addresses"] if one["AddressType"] == "STREET")
    assert sent["Addresses"][0].items() <= street.items()  # type: ignore[index]
    for name in ("PaymentTerms", "BatchPayments"):
        assert paged[name] == renamed[name] == sent[name]
        assert name not in listed


def test_paths_are_read_in_any_letter_case(person: Person) -> None:
    number = documents(person, type="ACCREC")[0]["number"]
    headers = {"Authorization": person.headers["Authorization"]}

    answers = [
        requests.get(person.url + path, headers=person.headers, timeout=simulator_process.TIMEOUT)
        for path in ("/API.XRO/2.0/invoices", f"/api.xro/2.0/INVOICES/{number}")
    ]
    connections = requests.get(
        f"{person.url}/CONNECTIONS", headers=headers, timeout=simulator_process.TIMEOUT
    )

    assert [answer.status_code for answer in (*answers, connections)] == [200, 200, 200]
    assert answers[1].json()["Invoices"][0]["InvoiceNumber"] == number
    assert [one["tenantId"] for one in connections.json()] == [person.tenant_id]


@pytest.mark.parametrize(
    ("path", "collection", "least"),
    [
        ("Currencies", "Currencies", 2),
        ("TaxRates", "TaxRates", 2),
        ("Accounts", "Accounts", 5),
        ("Items", "Items", 1),
        ("TrackingCategories", "TrackingCategories", 1),
        ("BrandingThemes", "BrandingThemes", 1),
        ("Users", "Users", 1),
        ("ContactGroups", "ContactGroups", 1),
        ("Quotes", "Quotes", 0),
        ("ManualJournals", "ManualJournals", 0),
        ("BankTransactions", "BankTransactions", 0),
        ("Reports/ProfitAndLoss", "Reports", 1),
    ],
)
def test_lists_that_official_clients_begin_with_answer(
    simulator: str, path: str, collection: str, least: int
) -> None:
    scopes = f"{simulator_process.SCOPES} accounting.banktransactions.read"
    person = simulator_process.connect(simulator, scope=f"{scopes} accounting.manualjournals.read")

    answer = person.get(path, page=1)

    assert answer.status_code == 200
    assert len(answer.json()[collection]) >= least


def test_lists_of_settings_can_be_filtered(person: Person) -> None:
    one = person.get("Currencies", where='Code=="AUD"').json()["Currencies"]
    unknown = person.get("Currencies", where='NoSuch=="AUD"')

    assert [each["Code"] for each in one] == ["AUD"]
    assert unknown.status_code == 400


def test_one_of_the_settings_is_found_by_its_id_or_code(person: Person) -> None:
    (campus,) = person.get("TrackingCategories").json()["TrackingCategories"]
    wanted = {"TrackingCategories": campus["TrackingCategoryID"], "Accounts": "200"}

    found = [person.get(f"{kind}/{one}").json()[kind] for kind, one in wanted.items()]

    assert [len(one) for one in found] == [1, 1]
    assert found[0] == [campus]
    assert person.get("Accounts/no-such").status_code == 404


@pytest.mark.parametrize("speaks_json", [False, True])
@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("Contacts", {"where": 'ContactNumber=="L1"', "page": "1"}),
        ("Contacts", {"order": "FirstName ASC", "page": "1"}),
        ("Invoices", {}),
        ("Payments", {"where": 'PaymentType=="ACCRECPAYMENT"', "page": "1"}),
    ],
)
def test_very_large_organisation_refuses_what_is_not_efficient(
    person: Person, kind: str, query: dict[str, Any], *, speaks_json: bool
) -> None:
    # Once before, so that an answer that is kept is not taken for a new one.
    assert person.get(kind, **query).status_code == 200
    do(person, "habits", guards_more_than=3, guard_speaks_json=speaks_json)

    answer = person.get(kind, **query)

    words = (
        f"Your request is not filtering {kind} efficiently, given the extremely high volume for "
        "this organisation"
    )
    assert answer.status_code == 400
    if speaks_json:
        assert (answer.json()["Type"], answer.json()["Message"]) == ("ValidationException", words)
    else:
        assert (answer.text, answer.headers["Content-Type"][:9]) == (words, "text/html")


def test_very_large_organisation_serves_what_is_efficient(person: Person) -> None:
    do(person, "habits", guards_more_than=3)
    there = simulator_process.control(person.url, "books")["contacts"]
    (one, *_) = (each for each in there if each["number"])

    found = [
        person.get("Contacts", where=f'Name=="{one["name"]}"', page="1", includeArchived="true"),
        person.get("Contacts", IDs=one["contact_id"], includeArchived="true"),
        person.get(f"Contacts/{one['number']}"),
    ]

    for answer in found:
        assert one["contact_id"] in [each["ContactID"] for each in answer.json()["Contacts"]]
    assert person.get("Invoices", page="1", order="UpdatedDateUTC ASC").status_code == 200


def test_habit_that_is_none_is_refused(simulator: str) -> None:
    for given in ({"no_such": True}, {"most_connections": True}):
        answer = requests.post(
            f"{simulator}/simulator/habits", json=given, timeout=simulator_process.TIMEOUT
        )
        assert answer.status_code == 400


def test_seeded_voids_show_what_was_due_where_told_so() -> None:
    books_of = ("--no-limits", "--documents", "160", "--contacts", "20", "--voids-show-due")
    with simulator_process.running(*books_of) as url:
        rows = simulator_process.control(url, "books")["documents"]

    void = [row for row in rows if (row["status"], row["kind"]) == ("VOIDED", "Invoices")]
    assert void
    assert {row["amount_due"] == row["total"] for row in void} == {True}
