"""The SDK client against the simulator: what it asks, and what comes back."""

import datetime
import multiprocessing
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.support import sdk_client, simulator_process
from xero_sync.api import client, errors, failures
from xero_sync.resources import Resource

DOCUMENT_KINDS = {
    Resource.INVOICE: ("Invoices", "InvoiceID"),
    Resource.CREDIT_NOTE: ("CreditNotes", "CreditNoteID"),
    Resource.OVERPAYMENT: ("Overpayments", "OverpaymentID"),
    Resource.PREPAYMENT: ("Prepayments", "PrepaymentID"),
}


@pytest.mark.parametrize("resource", DOCUMENT_KINDS)
def test_page_holds_exact_amounts_and_xeros_figures_when_documents_are_listed(
    xero: sdk_client.Xero, resource: Resource
) -> None:
    kind, id_key = DOCUMENT_KINDS[resource]
    books = xero.books(kind)

    page = xero.client.list_page(resource, page=1, page_size=1000)

    assert page.item_count == len(books)
    assert (page.page_count, page.page_size) == (1, 1000)
    totals = {one[id_key]: one["Total"] for one in page.elements}
    assert totals == {xero_id: Decimal(one["total"]) for xero_id, one in books.items()}
    assert all(type(total) is Decimal for total in totals.values())
    assert all(one["LineItems"] for one in page.elements if one["Total"])
    assert page.correlation_id


def test_times_and_size_are_told_when_a_page_came(xero: sdk_client.Xero) -> None:
    before = datetime.datetime.now(datetime.UTC)

    page = xero.client.list_page(Resource.INVOICE, page=1, page_size=100)

    assert before <= page.sent_at <= datetime.datetime.now(datetime.UTC)
    assert page.answered_at is not None
    assert abs(page.answered_at - before) < datetime.timedelta(seconds=60)
    assert page.bytes > 0


def test_pages_together_hold_everything_once_when_they_are_walked(xero: sdk_client.Xero) -> None:
    books = xero.books("Invoices")
    size = len(books) // 3 + 1

    pages = [
        xero.client.list_page(Resource.INVOICE, page=n, page_size=size, order="InvoiceID ASC")
        for n in (1, 2, 3)
    ]

    ids = [one["InvoiceID"] for page in pages for one in page.elements]
    assert sorted(ids) == sorted(books)
    assert pages[0].page_count == 3


def test_list_is_narrowed_when_a_filter_and_a_time_are_given(xero: sdk_client.Xero) -> None:
    newest = max(xero.books("Invoices").values(), key=lambda one: one["updated_utc"])
    since = datetime.datetime.fromisoformat(newest["updated_utc"]).replace(microsecond=0)

    sales = xero.client.list_page(Resource.INVOICE, page=1, where='Type=="ACCREC"')
    recent = xero.client.list_page(Resource.INVOICE, page=1, if_modified_since=since)

    assert {one["Type"] for one in sales.elements} == {"ACCREC"}
    assert newest["xero_id"] in {one["InvoiceID"] for one in recent.elements}
    assert recent.item_count is not None
    assert sales.item_count is not None
    assert recent.item_count < sales.item_count


@pytest.mark.parametrize("resource", DOCUMENT_KINDS)
def test_named_documents_come_in_one_call_when_asked_for_by_id(
    xero: sdk_client.Xero, resource: Resource
) -> None:
    kind, id_key = DOCUMENT_KINDS[resource]
    wanted = [uuid.UUID(one) for one in list(xero.books(kind))[: client.most_ids(resource)]]
    before = len(xero.calls())

    page = xero.client.by_ids(resource, [*wanted[1:], uuid.uuid4()])

    assert {one[id_key] for one in page.elements} == {str(one) for one in wanted[1:]}
    assert all(one["LineItems"] for one in page.elements if one["Total"])
    assert len(xero.calls()) == before + 1


def test_longest_list_of_ids_is_taken_when_it_is_as_long_as_a_batch(xero: sdk_client.Xero) -> None:
    for resource in Resource:
        ids = [uuid.uuid4() for _ in range(client.most_ids(resource))]

        assert xero.client.by_ids(resource, ids).elements == []


@pytest.mark.parametrize("count", [0, 21])
def test_ids_are_refused_before_anything_is_sent_when_they_do_not_fit_a_call(
    xero: sdk_client.Xero, count: int
) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        xero.client.by_ids(Resource.CREDIT_NOTE, [uuid.uuid4() for _ in range(count)])
    with pytest.raises(ValueError, match="do not fit"):
        xero.client.contacts_by_number([f"{n:050}" for n in range(count)])

    assert xero.calls() == []


@pytest.mark.parametrize("resource", DOCUMENT_KINDS)
def test_one_document_comes_when_asked_for_alone(xero: sdk_client.Xero, resource: Resource) -> None:
    kind, id_key = DOCUMENT_KINDS[resource]
    wanted = next(iter(xero.books(kind)))

    page = xero.client.get_one(resource, uuid.UUID(wanted))

    assert [one[id_key] for one in page.elements] == [wanted]


def test_contacts_come_archived_ones_too_when_asked_for_by_number(xero: sdk_client.Xero) -> None:
    numbered = [one for one in xero.contacts() if one["number"]][:3]
    archived = numbered[0]
    simulator_process.control(
        xero.person.url,
        "contacts",
        {"tenant": xero.person.tenant_id, "act": "archive", "id": archived["contact_id"]},
    )

    page = xero.client.contacts_by_number([*(one["number"] for one in numbered), 'no"such'])

    found = {one["ContactID"]: one["ContactStatus"] for one in page.elements}
    assert set(found) == {one["contact_id"] for one in numbered}
    assert found[archived["contact_id"]] == "ARCHIVED"


def test_contact_comes_by_its_number_alone_an_archived_one_too(xero: sdk_client.Xero) -> None:
    archived = next(one for one in xero.contacts() if one["status"] == "ARCHIVED" and one["number"])

    page = xero.client.contact_by_number(archived["number"])

    assert [one["ContactID"] for one in page.elements] == [archived["contact_id"]]
    with pytest.raises(errors.NotFound):
        xero.client.contact_by_number("no such?number=1 #2")


@pytest.mark.parametrize("number", ["", " ", ".", ".."])
def test_number_that_no_address_can_hold_is_not_sent(xero: sdk_client.Xero, number: str) -> None:
    """It would name all contacts, or the folder above them."""
    with pytest.raises(ValueError, match="folder"):
        xero.client.contact_by_number(number)

    assert xero.calls() == []


def test_organisation_and_online_address_come_when_asked_for(xero: sdk_client.Xero) -> None:
    invoice = next(
        one
        for one in xero.books("Invoices").values()
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
    )

    organisation = xero.client.organisation().elements[0]
    online = xero.client.online_invoice(uuid.UUID(invoice["xero_id"])).elements[0]

    assert organisation["OrganisationID"]
    assert online["OnlineInvoiceUrl"].startswith("http")


def test_good_contact_is_stored_and_bad_one_explained_when_both_are_sent(
    xero: sdk_client.Xero,
) -> None:
    good = {"Name": "Ngaio Made-Up", "ContactNumber": "T-900"}
    taken = {"Name": xero.contacts()[0]["name"], "ContactNumber": "T-901"}

    page = xero.client.create_contacts([good, taken], idempotency_key="once")

    by_number = {one.get("ContactNumber"): one for one in page.elements}
    assert failures.messages_of(by_number["T-900"]) == []
    assert failures.messages_of(by_number["T-901"]) != []
    assert {one["number"] for one in xero.contacts()} & {"T-900", "T-901"} == {"T-900"}


def test_nothing_is_created_twice_when_the_key_is_the_same(xero: sdk_client.Xero) -> None:
    contact = {"Name": "Ngaio Made-Up", "ContactNumber": "T-900"}

    first = xero.client.create_contacts([contact], idempotency_key="once")
    again = xero.client.create_contacts([contact], idempotency_key="once")
    other = sdk_client.failure_of(
        lambda here: here.create_contacts([contact, contact], idempotency_key="once"), xero.client
    )

    assert first.elements[0]["ContactID"] == again.elements[0]["ContactID"]
    assert isinstance(other, errors.Rejected)


@pytest.mark.parametrize("key", ["", "k" * 129])
def test_key_is_refused_when_xero_would_not_take_it(xero: sdk_client.Xero, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        xero.client.upsert_contacts([{"Name": "A"}], idempotency_key=key)


def test_connections_are_not_shared_when_a_worker_forks(xero: sdk_client.Xero) -> None:
    sdk_client.read(xero.client)
    child = multiprocessing.get_context("fork").Process(target=reads, args=(xero.person, 20))

    child.start()
    reads(xero.person, 20)
    child.join()

    assert child.exitcode == 0
    assert [one["status"] for one in xero.calls()] == [200] * 41


def reads(person: simulator_process.Person, times: int) -> None:
    """Read with a new client each time; replies mixed up between processes would not parse."""
    for _ in range(times):
        assert len(sdk_client.read(sdk_client.client_of(person)).elements) == 5


def test_each_thread_calls_with_its_own_token_when_many_share_the_connections(
    xero: sdk_client.Xero,
) -> None:
    people = [simulator_process.connect(xero.person.url, organisation=n % 2) for n in range(4)]

    def name_of(person: simulator_process.Person) -> tuple[str, Any]:
        organisation = sdk_client.client_of(person).organisation().elements[0]
        return person.tenant_id, organisation["Name"]

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(name_of, people * 10))

    organisations = simulator_process.control(xero.person.url, "organisations")[:2]
    assert names == {(one["tenant_id"], one["name"]) for one in organisations}
