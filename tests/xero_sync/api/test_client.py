"""The SDK client against the simulator: what it asks, what comes back, what a fault becomes."""

import dataclasses
import datetime
import logging
import multiprocessing
import socket
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.support import simulator_process, waiting
from xero_sync.api import client, errors, failures, limits, responses
from xero_sync.resources import Resource

Call = Callable[[client.XeroClient], responses.Page]

DOCUMENT_KINDS = {
    Resource.INVOICE: ("Invoices", "InvoiceID"),
    Resource.CREDIT_NOTE: ("CreditNotes", "CreditNoteID"),
    Resource.OVERPAYMENT: ("Overpayments", "OverpaymentID"),
    Resource.PREPAYMENT: ("Prepayments", "PrepaymentID"),
}


@dataclasses.dataclass(frozen=True)
class Xero:
    """A client of the simulator, and the simulator."""

    client: client.XeroClient
    person: simulator_process.Person

    def fault(self, answer: dict[str, Any], times: int = 1) -> None:
        """Script what becomes of the next call."""
        script = {"match": {}, "times": times, "answer": answer}
        simulator_process.control(self.person.url, "faults", script)

    def calls(self) -> list[dict[str, Any]]:
        """Return the accounting calls that arrived."""
        seen = simulator_process.control(self.person.url, "calls")
        return [one for one in seen if one["path"].startswith("/api.xro/")]

    def books(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the documents of a kind as the simulator has them, by id."""
        found = simulator_process.control(self.person.url, f"books?tenant={self.person.tenant_id}")
        return {one["xero_id"]: one for one in found["documents"] if one["kind"] == kind}

    def contacts(self) -> list[dict[str, Any]]:
        """Return the contacts as the simulator has them."""
        found = simulator_process.control(self.person.url, f"books?tenant={self.person.tenant_id}")
        contacts: list[dict[str, Any]] = found["contacts"]
        return contacts


@pytest.fixture
def xero(person: simulator_process.Person, settings: Settings) -> Xero:
    settings.XERO_API_URL = person.url
    return Xero(client_of(person), person)


def client_of(person: simulator_process.Person) -> client.XeroClient:
    return client.XeroClient(
        tenant_id=uuid.UUID(person.tenant_id), access_token=person.tokens["access_token"]
    )


def read(xero: client.XeroClient) -> responses.Page:
    return xero.list_page(Resource.INVOICE, page=1, page_size=5)


def write(xero: client.XeroClient) -> responses.Page:
    contact = {"Name": "Robin Made-Up", "ContactNumber": "T-777"}
    return xero.upsert_contacts([contact], idempotency_key=uuid.uuid4().hex)


def failure_of(call: Call, xero: client.XeroClient) -> errors.XeroError:
    with pytest.raises(errors.XeroError) as caught:
        call(xero)
    return caught.value


@pytest.mark.parametrize("resource", DOCUMENT_KINDS)
def test_page_holds_exact_amounts_and_xeros_figures_when_documents_are_listed(
    xero: Xero, resource: Resource
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


def test_times_and_size_are_told_when_a_page_came(xero: Xero) -> None:
    before = datetime.datetime.now(datetime.UTC)

    page = xero.client.list_page(Resource.INVOICE, page=1, page_size=100)

    assert before <= page.sent_at <= datetime.datetime.now(datetime.UTC)
    assert page.answered_at is not None
    assert abs(page.answered_at - before) < datetime.timedelta(seconds=60)
    assert page.bytes > 0


def test_pages_together_hold_everything_once_when_they_are_walked(xero: Xero) -> None:
    books = xero.books("Invoices")
    size = len(books) // 3 + 1

    pages = [
        xero.client.list_page(Resource.INVOICE, page=n, page_size=size, order="InvoiceID ASC")
        for n in (1, 2, 3)
    ]

    ids = [one["InvoiceID"] for page in pages for one in page.elements]
    assert sorted(ids) == sorted(books)
    assert pages[0].page_count == 3


def test_list_is_narrowed_when_a_filter_and_a_time_are_given(xero: Xero) -> None:
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
    xero: Xero, resource: Resource
) -> None:
    kind, id_key = DOCUMENT_KINDS[resource]
    wanted = [uuid.UUID(one) for one in list(xero.books(kind))[: client.most_ids(resource)]]
    before = len(xero.calls())

    page = xero.client.by_ids(resource, [*wanted[1:], uuid.uuid4()])

    assert {one[id_key] for one in page.elements} == {str(one) for one in wanted[1:]}
    assert all(one["LineItems"] for one in page.elements if one["Total"])
    assert len(xero.calls()) == before + 1


def test_longest_list_of_ids_is_taken_when_it_is_as_long_as_a_batch(xero: Xero) -> None:
    for resource in Resource:
        ids = [uuid.uuid4() for _ in range(client.most_ids(resource))]

        assert xero.client.by_ids(resource, ids).elements == []


@pytest.mark.parametrize("count", [0, 21])
def test_ids_are_refused_before_anything_is_sent_when_they_do_not_fit_a_call(
    xero: Xero, count: int
) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        xero.client.by_ids(Resource.CREDIT_NOTE, [uuid.uuid4() for _ in range(count)])
    with pytest.raises(ValueError, match="do not fit"):
        xero.client.contacts_by_number([f"{n:050}" for n in range(count)])

    assert xero.calls() == []


@pytest.mark.parametrize("resource", DOCUMENT_KINDS)
def test_one_document_comes_when_asked_for_alone(xero: Xero, resource: Resource) -> None:
    kind, id_key = DOCUMENT_KINDS[resource]
    wanted = next(iter(xero.books(kind)))

    page = xero.client.get_one(resource, uuid.UUID(wanted))

    assert [one[id_key] for one in page.elements] == [wanted]


def test_contacts_come_archived_ones_too_when_asked_for_by_number(xero: Xero) -> None:
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


def test_organisation_and_online_address_come_when_asked_for(xero: Xero) -> None:
    invoice = next(
        one
        for one in xero.books("Invoices").values()
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
    )

    organisation = xero.client.organisation().elements[0]
    online = xero.client.online_invoice(uuid.UUID(invoice["xero_id"])).elements[0]

    assert organisation["OrganisationID"]
    assert online["OnlineInvoiceUrl"].startswith("http")


def test_good_contact_is_stored_and_bad_one_explained_when_both_are_sent(xero: Xero) -> None:
    good = {"Name": "Ngaio Made-Up", "ContactNumber": "T-900"}
    taken = {"Name": xero.contacts()[0]["name"], "ContactNumber": "T-901"}

    page = xero.client.create_contacts([good, taken], idempotency_key="once")

    by_number = {one.get("ContactNumber"): one for one in page.elements}
    assert failures.messages_of(by_number["T-900"]) == []
    assert failures.messages_of(by_number["T-901"]) != []
    assert {one["number"] for one in xero.contacts()} & {"T-900", "T-901"} == {"T-900"}


def test_nothing_is_created_twice_when_the_key_is_the_same(xero: Xero) -> None:
    contact = {"Name": "Ngaio Made-Up", "ContactNumber": "T-900"}

    first = xero.client.create_contacts([contact], idempotency_key="once")
    again = xero.client.create_contacts([contact], idempotency_key="once")
    other = failure_of(
        lambda here: here.create_contacts([contact, contact], idempotency_key="once"), xero.client
    )

    assert first.elements[0]["ContactID"] == again.elements[0]["ContactID"]
    assert isinstance(other, errors.Rejected)


@pytest.mark.parametrize("key", ["", "k" * 129])
def test_key_is_refused_when_xero_would_not_take_it(xero: Xero, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        xero.client.upsert_contacts([{"Name": "A"}], idempotency_key=key)


# Longer than anybody waits: the answer comes when the simulator's clock is moved.
TOO_LATE = 3600.0


@pytest.mark.parametrize(
    ("answer", "when_read", "when_written"),
    [
        ({"named": "token_expired"}, errors.Unauthorised, errors.Unauthorised),
        ({"named": "unauthorised"}, errors.Unauthorised, errors.Unauthorised),
        ({"named": "forbidden"}, errors.Refused, errors.Refused),
        ({"named": "minute"}, errors.RateLimited, errors.RateLimited),
        ({"named": "day"}, errors.RateLimited, errors.RateLimited),
        ({"named": "concurrent"}, errors.RateLimited, errors.RateLimited),
        ({"named": "appminute"}, errors.RateLimited, errors.RateLimited),
        ({"named": "maintenance"}, errors.Unavailable, errors.Unavailable),
        ({"named": "unavailable"}, errors.Unavailable, errors.Unavailable),
        ({"named": "offline"}, errors.OrganisationOffline, errors.OrganisationOffline),
        ({"named": "empty_html_500"}, errors.Unavailable, errors.Ambiguous),
        ({"named": "bad_json"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 200, "body": "[]"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 200, "body": '{"Id": "x"}'}, errors.Unavailable, errors.Ambiguous),
        ({"status": 502, "body": "<html>"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 412}, errors.Unexpected, errors.Unexpected),
        ({"status": 302, "headers": {"Location": "/"}}, errors.Unexpected, errors.Unexpected),
        ({"status": 400, "body": "?"}, errors.Rejected, errors.Rejected),
        ({"cut": "before"}, errors.Unavailable, errors.Ambiguous),
        ({"cut": "after"}, errors.Unavailable, errors.Ambiguous),
        ({"late_seconds": TOO_LATE}, errors.TimedOut, errors.Ambiguous),
    ],
)
@pytest.mark.parametrize("wrote", [False, True])
def test_fault_becomes_its_error_after_one_call_when_it_strikes(
    xero: Xero,
    settings: Settings,
    answer: dict[str, Any],
    when_read: type[errors.XeroError],
    when_written: type[errors.XeroError],
    wrote: bool,
) -> None:
    xero.fault(answer)
    is_late = "late_seconds" in answer
    if is_late:
        settings.XERO_READ_SECONDS = 0.5

    error = failure_of(write if wrote else read, xero.client)

    assert type(error) is (when_written if wrote else when_read)
    assert xero.person.tokens["access_token"] not in repr(vars(error))
    if is_late:
        # The simulator notes a call when it has answered, which must not be in another test's log.
        simulator_process.control(xero.person.url, "clock", {"advance_seconds": TOO_LATE})
        assert waiting.wait_until(lambda: len(xero.calls()) == 1)
    # Nothing was sent twice behind our back.
    assert len(xero.calls()) <= 1
    assert error.__context__ is None


def test_write_was_done_when_only_its_reply_was_lost(xero: Xero) -> None:
    xero.fault({"cut": "after"})

    failure_of(write, xero.client)

    assert "T-777" in {one["number"] for one in xero.contacts()}


@pytest.mark.parametrize("named", ["unknown_enum", "nulls"])
def test_page_is_read_whole_when_the_sdks_models_would_refuse_it(xero: Xero, named: str) -> None:
    xero.fault({"named": named})

    page = read(xero.client)

    assert len(page.elements) == 5


@pytest.mark.asks_oddly("a refusal is what it is about")
def test_rejection_has_xeros_words_when_a_filter_makes_no_sense(xero: Xero) -> None:
    error = failure_of(
        lambda here: here.list_page(Resource.INVOICE, page=1, where="Nonsense =="), xero.client
    )

    assert isinstance(error, errors.Rejected)
    assert error.error_type == "QueryParseException"
    assert error.messages[0]


def test_unknown_id_is_not_found_when_asked_for_alone(xero: Xero) -> None:
    error = failure_of(lambda here: here.get_one(Resource.INVOICE, uuid.uuid4()), xero.client)

    assert isinstance(error, errors.NotFound)


def test_scope_is_missing_when_the_grant_never_had_it(xero: Xero) -> None:
    # Consents add up, so this person must not have given more before.
    simulator_process.control(xero.person.url, "reset", {})
    narrow = simulator_process.SCOPES.replace("accounting.contacts", "accounting.contacts.read")
    reader = simulator_process.connect(xero.person.url, scope=narrow)

    error = failure_of(write, client_of(reader))

    assert isinstance(error, errors.ScopeMissing)


def test_write_is_merely_unavailable_when_xero_could_not_be_reached(
    xero: Xero, settings: Settings
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.XERO_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"

        error = failure_of(write, client_of(xero.person))

    assert type(error) is errors.Unavailable


@pytest.mark.parametrize(
    ("call", "expected"), [(read, errors.Unavailable), (write, errors.Ambiguous)]
)
def test_broken_encryption_is_a_lost_connection_when_it_is_met(
    xero: Xero, settings: Settings, call: Call, expected: type[errors.XeroError]
) -> None:
    settings.XERO_API_URL = xero.person.url.replace("http://", "https://")

    error = failure_of(call, client_of(xero.person))

    assert type(error) is expected


def test_connections_are_not_shared_when_a_worker_forks(xero: Xero) -> None:
    read(xero.client)
    child = multiprocessing.get_context("fork").Process(target=reads, args=(xero.person, 20))

    child.start()
    reads(xero.person, 20)
    child.join()

    assert child.exitcode == 0
    assert [one["status"] for one in xero.calls()] == [200] * 41


def reads(person: simulator_process.Person, times: int) -> None:
    """Read with a new client each time; replies mixed up between processes would not parse."""
    for _ in range(times):
        assert len(read(client_of(person)).elements) == 5


def test_reply_is_given_up_when_it_drips_in_for_ever(settings: Settings) -> None:
    settings.XERO_READ_SECONDS = 0.1
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.XERO_API_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            dripping = pool.submit(drip, server, over)
            stranger = client.XeroClient(tenant_id=uuid.uuid4(), access_token="a-token")

            error = failure_of(read, stranger)

            over.set()
    assert type(error) is errors.TimedOut
    # Counted in drops, which stand still when the machine does.
    assert dripping.result() * DRIP_SECONDS < limits.call_seconds() + 1


DRIP_SECONDS = 0.05


def drip(server: socket.socket, over: threading.Event) -> int:
    """Answer one call with a byte every twentieth of a second; return how many it took."""
    connection, _ = server.accept()
    drops = 0
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(DRIP_SECONDS):
            try:
                connection.sendall(b" ")
            except OSError:
                break
            drops += 1
    return drops


def test_each_thread_calls_with_its_own_token_when_many_share_the_connections(xero: Xero) -> None:
    people = [simulator_process.connect(xero.person.url, organisation=n % 2) for n in range(4)]

    def name_of(person: simulator_process.Person) -> tuple[str, Any]:
        organisation = client_of(person).organisation().elements[0]
        return person.tenant_id, organisation["Name"]

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(name_of, people * 10))

    organisations = simulator_process.control(xero.person.url, "organisations")[:2]
    assert names == {(one["tenant_id"], one["name"]) for one in organisations}


def test_log_holds_no_token_and_no_body_when_calls_fail(
    xero: Xero, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    xero.fault({"status": 400, "body": '{"Message": "Robin Made-Up"}'})

    failure_of(read, xero.client)

    assert xero.person.tokens["access_token"] not in caplog.text
    assert "Robin" not in caplog.text
