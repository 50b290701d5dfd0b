"""Lists and single documents over HTTP: paging, filters, shapes and bytes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support import simulator_process
from tests.support.simulator_process import Person

NOT_PAID = "DRAFT SUBMITTED AUTHORISED VOIDED DELETED"
KINDS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments")


def ids(answer: Any, kind: str = "Invoices") -> list[str]:
    key = {"Contacts": "ContactID"}.get(kind, f"{kind[:-1]}ID")
    return [each[key] for each in answer.json()[kind]]


def rows(person: Person, kind: str = "Invoices") -> list[dict[str, Any]]:
    documents = simulator_process.control(person.url, "books")["documents"]
    return [each for each in documents if each["kind"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_cover_every_document_once(person: Person, kind: str) -> None:
    expected = [each["xero_id"] for each in rows(person, kind)]
    walked: list[str] = []

    first = person.get(kind, page=1, pageSize=50).json()["pagination"]
    for page in range(1, first["pageCount"] + 1):
        walked += ids(person.get(kind, page=page, pageSize=50), kind)

    assert first == {
        "page": 1,
        "pageSize": 50,
        "pageCount": -(-len(expected) // 50),
        "itemCount": len(expected),
    }
    assert walked == expected
    assert ids(person.get(kind, page=first["pageCount"] + 1, pageSize=50), kind) == []


@pytest.mark.parametrize(
    ("asked", "given"), [("5000", 1000), ("0", 1), ("-3", 1), ("1000", 1000), ("many", 100)]
)
def test_page_size_is_put_in_range_when_out_of_it(person: Person, asked: str, given: int) -> None:
    answer = person.get("Invoices", page=1, pageSize=asked).json()

    assert answer["pagination"]["pageSize"] == given
    assert len(answer["Invoices"]) == min(given, answer["pagination"]["itemCount"])


def test_lines_come_only_with_pages_and_single_documents(person: Person) -> None:
    paged = person.get("Invoices", page=1, pageSize=1).json()["Invoices"][0]
    unpaged = person.get("Invoices").json()
    single = person.get(f"Invoices/{paged['InvoiceID']}").json()

    assert paged["LineItems"]
    assert "pagination" not in unpaged
    assert len(unpaged["Invoices"]) == len(rows(person))
    assert all(each["LineItems"] == [] for each in unpaged["Invoices"])
    assert [each["InvoiceID"] for each in single["Invoices"]] == [paged["InvoiceID"]]
    assert single["Invoices"][0]["LineItems"] == paged["LineItems"]
    assert "pagination" not in single


def test_summary_is_paged_without_saying_so(person: Person) -> None:
    answer = person.get("Invoices", summaryOnly="True", page=1, pageSize=10).json()

    assert "pagination" not in answer
    assert len(answer["Invoices"]) == 10
    for each in answer["Invoices"]:
        assert each["LineItems"] == []
        assert not {"Payments", "HasAttachments"} & set(each)


def test_body_is_written_as_xero_writes_it(person: Person) -> None:
    raw = person.get("Invoices", page=1, pageSize=2).content

    assert raw.startswith(b'{\r\n  "Id": "')
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert re.search(rb'"DateTimeUTC": "\\/Date\(\d+\)\\/"', raw)
    assert re.search(rb'"UpdatedDateUTC": "\\/Date\(\d+\+0000\)\\/"', raw)
    assert re.search(rb'"Total": \d+\.\d\d,', raw)
    assert b"null" not in raw


def test_body_is_compressed_only_when_asked_for(person: Person) -> None:
    plain = person.get("Invoices", page=1, headers={"Accept-Encoding": "identity"})
    packed = person.get("Invoices", page=1, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json()["Invoices"] == plain.json()["Invoices"]


def test_invoice_is_found_by_number_and_stubs_show_what_was_applied(person: Person) -> None:
    credited = next(each for each in rows(person) if each["amount_credited"] != "0.00")

    shown = person.get(f"Invoices/{credited['number']}").json()["Invoices"][0]
    stubs = shown["CreditNotes"] + shown["Overpayments"] + shown["Prepayments"]

    assert shown["InvoiceID"] == credited["xero_id"]
    assert sum(each["AppliedAmount"] for each in stubs) == float(credited["amount_credited"])
    assert shown["AmountDue"] == pytest.approx(
        shown["Total"] - shown["AmountPaid"] - shown["AmountCredited"], abs=0.001
    )


@pytest.mark.parametrize("kind", KINDS[1:])
def test_credits_carry_their_id_twice_and_their_allocations(person: Person, kind: str) -> None:
    shown = person.get(kind, page=1, pageSize=1000).json()[kind]
    used = next(each for each in shown if each["Allocations"])

    own = person.get(f"{kind}/{used['ID']}/Allocations").json()["Allocations"]

    assert all(each["ID"] == each[f"{kind[:-1]}ID"] for each in shown)
    assert own == used["Allocations"]
    assert own[0]["Invoice"]["InvoiceID"] in {each["xero_id"] for each in rows(person)}


def has(**wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: all(row[name] in values.split() for name, values in wanted.items())


@pytest.mark.parametrize(
    ("where", "keeps"),
    [
        ('Type=="ACCREC"', has(type="ACCREC")),
        ('Type=="ACCREC" AND Status!="PAID"', has(type="ACCREC", status=NOT_PAID)),
        ('Status=="DRAFT" || Status == "SUBMITTED"', has(status="DRAFT SUBMITTED")),
        (
            '(Status=="DRAFT" OR Status=="VOIDED") && Type=="ACCPAY"',
            has(status="DRAFT VOIDED", type="ACCPAY"),
        ),
        ("AmountDue > 1000", lambda r: float(r["amount_due"]) > 1000),
        ("Total >= 129.00 AND Total < 800.5", lambda r: 129 <= float(r["total"]) < 800.5),
        ('InvoiceNumber=="INV-0007"', has(number="INV-0007")),
        ('invoicenumber.StartsWith("BILL-")', has(type="ACCPAY")),
        ("", has()),
    ],
)
def test_where_keeps_the_rows_it_describes(person: Person, where: str, keeps: Any) -> None:
    every = rows(person)

    found = ids(person.get("Invoices", where=where))

    assert found == [each["xero_id"] for each in every if keeps(each)]
    assert found


@pytest.mark.parametrize("where", ["SentToContact == true", "FullyPaidOnDate == null"])
def test_where_and_its_opposite_share_out_the_rows(person: Person, where: str) -> None:
    every = {each["xero_id"] for each in rows(person)}

    kept = set(ids(person.get("Invoices", where=where)))
    others = set(ids(person.get("Invoices", where=where.replace("==", "!="))))

    assert kept
    assert others
    assert kept | others == every
    assert not kept & others


def test_where_reads_dates_guids_and_contacts(person: Person) -> None:
    every = rows(person)
    one = every[len(every) // 2]
    year, month, day = (int(part) for part in one["date"].split("-"))
    contacts = simulator_process.control(person.url, "books")["contacts"]
    number = next(each for each in contacts if each["number"])["number"]
    by_contact = {each["contact_id"]: each["number"] for each in contacts}

    since = ids(person.get("Invoices", where=f"Date >= DateTime({year}, {month}, {day})"))
    on_day = ids(
        person.get("Invoices", where=f"Date == DateTime({year},{month:02},{day:02},0,0,0)")
    )
    of_one = ids(person.get("Invoices", where=f'Contact.ContactID=Guid("{one["contact_id"]}")'))
    numbered = ids(person.get("Invoices", where=f'Contact.ContactNumber=="{number}"'))

    assert since == [each["xero_id"] for each in every if each["date"] >= one["date"]]
    assert on_day == [each["xero_id"] for each in every if each["date"] == one["date"]]
    assert of_one == [e["xero_id"] for e in every if e["contact_id"] == one["contact_id"]]
    assert numbered == [e["xero_id"] for e in every if by_contact[e["contact_id"]] == number]
    assert numbered


def test_quotes_are_doubled_inside_strings(person: Person) -> None:
    quoted = next(
        each
        for each in simulator_process.control(person.url, "books")["contacts"]
        if '"' in each["name"]
    )
    name = quoted["name"].replace('"', '""')

    found = person.get("Contacts", where=f'Name=="{name}"').json()["Contacts"]

    assert [each["ContactID"] for each in found] == [quoted["contact_id"]]


@pytest.mark.parametrize(
    "query",
    [
        {"where": 'Type="ACCREC'},
        {"where": r'Contact.Name=="O\"Brien"'},
        {"where": r'Contact.Name=="O\Brien"'},
        {"where": r'Type=="ACCREC" OR Contact.Name=="\\"'},
        {"where": 'NoSuchField=="x"'},
        {"where": 'InvoiceID=="00000000-0000-0000-0000-000000000000"'},
        {"where": 'Date >= "2026-01-01"'},
        {"where": "Date >= DateTime(2026,13,01)"},
        {"where": "Total >"},
        {"where": '(Type=="ACCREC"'},
        {"where": 'Type=="ACCREC" Status=="PAID"'},
        {"order": "NoSuchField"},
        {"order": "Date SIDEWAYS"},
    ],
)
def test_query_is_refused_when_it_cannot_be_read(person: Person, query: dict[str, Any]) -> None:
    answer = person.get("Invoices", **query)

    assert answer.status_code == 400
    assert answer.json()["ErrorNumber"] == 16
    assert answer.json()["Type"] == "QueryParseException"


def test_order_sorts_by_several_fields(person: Person) -> None:
    shown = person.get("Invoices", order="Status DESC, InvoiceId").json()["Invoices"]
    descending = person.get("Invoices", order="DueDate DESC").json()["Invoices"]

    keys = [(each["Status"], each["InvoiceID"]) for each in shown]
    assert keys == sorted(sorted(keys, key=lambda k: k[1]), key=lambda k: k[0], reverse=True)
    due = [each["DueDateString"] for each in descending]
    assert due == sorted(due, reverse=True)


def test_named_filters_narrow_invoices_and_credit_notes_have_none(person: Person) -> None:
    every = rows(person)
    three = sorted(every[:3], key=lambda each: (each["updated_utc"], each["xero_id"]))
    wanted = ",".join(each["xero_id"] for each in reversed(three))
    contact_id = every[0]["contact_id"]

    assert ids(person.get("Invoices", IDs=wanted)) == [each["xero_id"] for each in three]
    assert ids(person.get("Invoices", InvoiceNumbers="INV-0001,INV-0002")) == [
        each["xero_id"] for each in every if each["number"] in ("INV-0001", "INV-0002")
    ]
    assert ids(person.get("Invoices", ContactIDs=contact_id)) == [
        each["xero_id"] for each in every if each["contact_id"] == contact_id
    ]
    assert ids(person.get("Invoices", Statuses="DRAFT,VOIDED")) == [
        each["xero_id"] for each in every if each["status"] in ("DRAFT", "VOIDED")
    ]
    notes = rows(person, "CreditNotes")
    assert len(ids(person.get("CreditNotes", IDs=notes[0]["xero_id"]), "CreditNotes")) == len(notes)


def test_query_of_52_ids_passes_and_of_53_is_too_long(person: Person) -> None:
    some = [each["xero_id"] for each in rows(person)[:53]]

    assert len(ids(person.get("Invoices", IDs=",".join(some[:52])))) == 52
    assert person.get("Invoices", IDs=",".join(some)).status_code == 414


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S+00:00"])
def test_modified_since_keeps_what_changed_to_the_second(person: Person, form: str) -> None:
    every = rows(person)
    before = simulator_process.control(person.url, "clock", {"advance_seconds": 600})["now"]
    simulator_process.control(person.url, "documents", {"act": "touch", "id": every[0]["xero_id"]})
    instant = simulator_process.moment(before)

    changed = ids(person.get("Invoices", headers={"If-Modified-Since": instant.strftime(form)}))
    nothing = person.get("CreditNotes", headers={"If-Modified-Since": instant.strftime(form)})

    assert changed == [every[0]["xero_id"]]
    assert nothing.status_code == 200
    assert nothing.json()["CreditNotes"] == []


def test_row_is_skipped_when_another_is_touched_between_pages(person: Person) -> None:
    every = [each["xero_id"] for each in rows(person)]

    first = ids(person.get("Invoices", page=1, pageSize=10))
    simulator_process.control(person.url, "documents", {"act": "touch", "id": every[0]})
    second = ids(person.get("Invoices", page=2, pageSize=10))

    assert first == every[:10]
    assert second == every[11:21]


def test_unit_prices_have_four_decimals_when_asked_for(person: Person) -> None:
    two = person.get("Invoices", page=1, pageSize=1000).text
    four = person.get("Invoices", page=1, pageSize=1000, unitdp="4").text

    assert '"UnitAmount": 33.33,' in two
    assert '"UnitAmount": 33.3333,' in four


def test_archived_contacts_are_listed_only_when_asked_for(person: Person) -> None:
    contacts = simulator_process.control(person.url, "books")["contacts"]
    active = [each["contact_id"] for each in contacts if each["status"] == "ACTIVE"]
    merged = next(each for each in contacts if each["merged_to"])

    by_default = ids(person.get("Contacts"), "Contacts")
    with_archived = ids(person.get("Contacts", includeArchived="True"), "Contacts")
    tombstone = person.get(f"Contacts/{merged['number']}").json()["Contacts"][0]

    assert by_default == active
    assert with_archived == [each["contact_id"] for each in contacts]
    assert tombstone["MergedToContactID"] == merged["merged_to"]


def test_contacts_carry_more_when_paged(person: Person) -> None:
    unpaged = person.get("Contacts").json()["Contacts"]
    paged = person.get("Contacts", page=1, pageSize=1000).json()["Contacts"]
    summary = person.get("Contacts", summaryOnly="true", page=1).json()["Contacts"]

    assert not any({"Balances", "ContactPersons"} & set(each) for each in unpaged)
    assert any("Balances" in each for each in paged)
    assert all("ContactPersons" in each for each in paged)
    assert not any({"Balances", "IsCustomer", "IsSupplier"} & set(each) for each in summary)


def test_search_finds_part_of_a_name_or_number(person: Person) -> None:
    found = person.get("Contacts", searchTerm="l00001").json()["Contacts"]

    assert {each["ContactNumber"] for each in found} <= {f"L00001{n}" for n in range(10)}
    assert len(found) > 5


def test_online_invoice_leads_to_a_page_of_the_simulator(person: Person) -> None:
    every = rows(person)
    open_one = next(r for r in every if (r["type"], r["status"]) == ("ACCREC", "AUTHORISED"))
    draft = next(r for r in every if (r["type"], r["status"]) == ("ACCREC", "DRAFT"))
    bill = next(r for r in every if r["type"] == "ACCPAY")

    answer = person.get(f"Invoices/{open_one['xero_id']}/OnlineInvoice").json()
    page = requests.get(
        answer["OnlineInvoices"][0]["OnlineInvoiceUrl"], timeout=simulator_process.TIMEOUT
    )

    assert open_one["number"] in page.text
    for refused in (draft, bill):
        assert person.get(f"Invoices/{refused['xero_id']}/OnlineInvoice").status_code == 400


def test_payments_of_overpayments_show_a_misleading_invoice(person: Person) -> None:
    payments = person.get("Payments", page=1, pageSize=1000).json()["Payments"]
    refund = next(each for each in payments if each["PaymentType"] == "AROVERPAYMENTPAYMENT")

    assert refund["Invoice"]["Type"] == "AROVERPAYMENT"
    assert person.get(f"Invoices/{refund['Invoice']['InvoiceID']}").status_code == 404
    assert person.get(f"Overpayments/{refund['Invoice']['InvoiceID']}").status_code == 200
    assert person.get(f"Payments/{refund['PaymentID']}").json()["Payments"] == [refund]


def test_organisation_is_an_array_of_one(person: Person) -> None:
    shown = person.get("Organisation").json()["Organisations"]

    assert [(each["Name"], each["Timezone"]) for each in shown] == [
        ("Wattle Creek Training Pty Ltd", "AUSEASTERNSTANDARDTIME")
    ]


def test_raw_elements_are_served_as_they_stand(person: Person) -> None:
    raw = {
        "InvoiceID": "11111111-0000-4000-8000-000000000001",
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "InvoiceNumber": "RAW-1",
        "Date": "/Date(1552262400000+0000)/",
        "UpdatedDateUTC": "/Date(1552262400000+0000)/",
        "Contact": {"ContactID": "22222222-0000-4000-8000-000000000002", "Name": "Raw"},
        "SomethingNew": {"Deep": [1, None]},
        "Total": 5.5,
    }
    bill = raw | {"InvoiceID": "11111111-0000-4000-8000-000000000003", "Type": "ACCPAY"}
    simulator_process.control(
        person.url, "replay", {"documents": {"Invoices": [raw, bill]}, "contacts": []}
    )

    kept = person.get("Invoices", where='Type=="ACCREC" AND Date < DateTime(2020,1,1)', page=1)

    assert kept.json()["Invoices"] == [raw]
    assert kept.json()["pagination"]["itemCount"] == 1
    assert rb'"\/Date(1552262400000+0000)\/"' in kept.content
    assert person.get("Invoices/RAW-1").json()["Invoices"] == [raw]
    assert person.get("Invoices", IDs=bill["InvoiceID"]).json()["Invoices"] == [bill]
    since = {"If-Modified-Since": "2020-01-01T00:00:00"}
    assert person.get("Invoices", headers=since).json()["Invoices"] == []
    assert person.get("CreditNotes").json()["CreditNotes"] == []
    assert person.get("Contacts").json()["Contacts"] == []
