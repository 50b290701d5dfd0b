"""Xero's official Python client against the simulator, with none of our code on its side.

What is ours here only starts the simulator and fills in the consent form. The client's typed
models are strict: one unknown status or one null date makes them refuse a whole page, so that
they read every document is a check of every document.
"""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from xero_python.accounting import AccountingApi, Contact, Contacts
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException, NotFoundException
from xero_python.identity import IdentityApi

from tests.support import simulator_client, simulator_process

FIELDS = ("access_token", "expires_in", "token_type", "refresh_token", "id_token")


class Client(NamedTuple):
    """The official client, connected to the first organisation."""

    url: str
    tenant_id: str
    api: ApiClient
    accounting: AccountingApi
    token: dict[str, Any]


@pytest.fixture
def client(simulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Consent, exchange the code, and hand the tokens to the client as its README tells."""
    monkeypatch.setattr(TokenApi, "refresh_token_url", f"{simulator}/connect/token")
    given = simulator_process.exchange(simulator, simulator_process.consent(simulator))
    token = {name: given[name] for name in FIELDS} | {"scope": given["scope"].split()}

    configuration = Configuration()
    configuration.oauth2_token = OAuth2Token("demo-client-id", "demo-client-secret")
    api = ApiClient(configuration, pool_threads=1)
    api.oauth2_token_getter(lambda: token)
    api.oauth2_token_saver(token.update)
    configuration.oauth2_token.update_token(**token)

    (connection,) = IdentityApi(api, base_url=simulator).get_connections()
    accounting = AccountingApi(api, base_url=f"{simulator}/api.xro/2.0")
    yield Client(simulator, connection.tenant_id, api, accounting, token)
    api.rest_client.pool_manager.clear()


def walk(read_page: Callable[[int], Any], collection: str) -> list[Any]:
    """Read every page of a list."""
    found: list[Any] = []
    page = 1
    while elements := getattr(read_page(page), collection):
        found += elements
        page += 1
    return found


def books(client: Client, kind: str) -> dict[str, dict[str, Any]]:
    documents = simulator_process.control(client.url, "books")["documents"]
    return {each["xero_id"]: each for each in documents if each["kind"] == kind}


def test_connection_is_read_and_organisation_answers(client: Client) -> None:
    connections = IdentityApi(client.api, base_url=client.url).get_connections()
    organisations = client.accounting.get_organisations(client.tenant_id).organisations

    assert [each.tenant_name for each in connections] == ["Wattle Creek Training Pty Ltd"]
    assert [each.organisation_id for each in organisations] == [client.tenant_id]


@pytest.mark.parametrize(
    ("kind", "collection", "id_name"),
    [
        ("Invoices", "invoices", "invoice_id"),
        ("CreditNotes", "credit_notes", "credit_note_id"),
        ("Overpayments", "overpayments", "overpayment_id"),
        ("Prepayments", "prepayments", "prepayment_id"),
    ],
)
def test_typed_models_read_every_document(
    client: Client, kind: str, collection: str, id_name: str
) -> None:
    expected = books(client, kind)
    read = getattr(client.accounting, f"get_{collection}")

    found = walk(lambda page: read(client.tenant_id, page=page, page_size=200), collection)

    assert [getattr(each, id_name) for each in found] == list(expected)
    for each in found:
        row = expected[getattr(each, id_name)]
        assert each.total == Decimal(row["total"])
        assert each.status in (row["status"], getattr(each.status, "value", None))
        assert each.date == datetime.date.fromisoformat(row["date"])
        assert len(each.line_items) == row["line_items"]
        assert each.contact.contact_id == row["contact_id"]
        assert str(each.currency_code.value) == row["currency"]


def test_typed_models_read_settings_terms_and_pdfs(client: Client) -> None:
    contact = simulator_process.control(client.url, "books")["contacts"][0]["contact_id"]
    simulator_client.post(
        client.url,
        "contacts",
        act="update",
        id=contact,
        payment_terms=[{"side": "Sales", "day": 14, "type": "DAYSAFTERBILLDATE"}],
        batch_payments={"account_number": "1", "account_name": "W", "details": "Fees"},
    )
    invoice = next(iter(books(client, "Invoices")))
    read = client.accounting

    (shown,) = read.get_contact(client.tenant_id, contact).contacts
    lists = (
        read.get_currencies(client.tenant_id).currencies,
        read.get_accounts(client.tenant_id).accounts,
        read.get_tax_rates(client.tenant_id).tax_rates,
        read.get_items(client.tenant_id).items,
        read.get_tracking_categories(client.tenant_id).tracking_categories,
        read.get_users(client.tenant_id).users,
        read.get_report_profit_and_loss(client.tenant_id).reports,
    )
    pdf = read.get_invoice_as_pdf(client.tenant_id, invoice)

    assert (shown.payment_terms.sales.day, shown.batch_payments.details) == (14, "Fees")
    assert all(lists)
    assert Path(pdf).read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("kind", ["invoices", "credit_notes", "overpayments", "prepayments"])
def test_typed_models_read_unpaged_lists(client: Client, kind: str) -> None:
    answer = getattr(client.accounting, f"get_{kind}")(client.tenant_id)

    elements = getattr(answer, kind)
    assert elements
    assert all(each.line_items == [] for each in elements)


def test_typed_models_read_every_contact_and_payment(client: Client) -> None:
    contacts = walk(
        lambda page: client.accounting.get_contacts(
            client.tenant_id, page=page, page_size=40, include_archived=True
        ),
        "contacts",
    )
    payments = client.accounting.get_payments(client.tenant_id, page=1, page_size=1000).payments

    rows = simulator_process.control(client.url, "books")["contacts"]
    assert [each.contact_id for each in contacts] == [each["contact_id"] for each in rows]
    assert [each.name for each in contacts] == [each["name"] for each in rows]
    assert all(each.amount > 0 for each in payments)


def test_filters_of_the_client_are_understood(client: Client) -> None:
    rows = books(client, "Invoices")
    some = list(rows)[:40]
    since = datetime.datetime.fromisoformat(rows[list(rows)[-3]]["updated_utc"])

    by_ids = client.accounting.get_invoices(client.tenant_id, i_ds=some).invoices
    by_status = client.accounting.get_invoices(
        client.tenant_id, statuses=["DRAFT", "SUBMITTED"], where='Type=="ACCREC"'
    ).invoices
    modified = client.accounting.get_invoices(client.tenant_id, if_modified_since=since).invoices
    summary = client.accounting.get_invoices(client.tenant_id, summary_only=True, page=1).invoices

    assert [each.invoice_id for each in by_ids] == some
    assert {(each.type, each.status) for each in by_status} == {
        ("ACCREC", "DRAFT"),
        ("ACCREC", "SUBMITTED"),
    }
    assert len(modified) >= 3
    assert len(summary) == 100


def test_contact_is_created_and_updated(client: Client) -> None:
    accounting, tenant_id = client.accounting, client.tenant_id
    new = Contacts(contacts=[Contact(name="Official Client", contact_number="L990001")])

    created = accounting.create_contacts(tenant_id, new, idempotency_key="one").contacts[0]
    change = Contacts(
        contacts=[Contact(contact_id=created.contact_id, email_address="o@example.com")]
    )
    changed = accounting.update_or_create_contacts(tenant_id, change).contacts[0]

    assert (changed.contact_id, changed.name) == (created.contact_id, "Official Client")
    assert changed.email_address == "o@example.com"


def test_refusals_become_the_clients_own_errors(client: Client) -> None:
    bad = Contacts(contacts=[Contact(name="<b>")])

    with pytest.raises(AccountingBadRequestException) as refused:
        client.accounting.create_contacts(client.tenant_id, bad)
    with pytest.raises(NotFoundException):
        client.accounting.get_invoice(client.tenant_id, "no-such-invoice")

    assert refused.value.status == 400
    assert refused.value.error_data["Type"] == "ValidationException"


def test_online_invoice_is_found(client: Client) -> None:
    rows = books(client, "Invoices").values()
    row = next(each for each in rows if (each["type"], each["status"]) == ("ACCREC", "AUTHORISED"))

    answer = client.accounting.get_online_invoice(client.tenant_id, row["xero_id"])

    assert answer.online_invoices[0].online_invoice_url.startswith(f"{client.url}/online/")


def test_token_is_refreshed_by_the_client(client: Client) -> None:
    old = dict(client.token)
    simulator_process.control(client.url, "clock", {"advance_seconds": 3600})

    client.api.refresh_oauth2_token()
    organisations = client.accounting.get_organisations(client.tenant_id).organisations

    assert client.token["access_token"] != old["access_token"]
    assert client.token["refresh_token"] != old["refresh_token"]
    assert len(organisations) == 1
