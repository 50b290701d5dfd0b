"""The pages for people: the books by hand, and an invoice's public page."""

import html
import re
from typing import Any

import pytest
import requests

from tests.support import simulator_client, simulator_process
from xero_simulator import online_invoice


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> None:
    simulator_client.post(simulator_url, "reset")


def _sales_invoice(url: str, status: str, *, is_untouched: bool = False) -> dict[str, Any]:
    for document in simulator_client.get(url, "books")["documents"]:
        if (document["type"], document["status"]) == ("ACCREC", status) and (
            not is_untouched or document["amount_due"] == document["total"]
        ):
            found: dict[str, Any] = document
            return found
    raise LookupError(f"no invoice is {status}")


def _invoice(url: str, invoice_id: str) -> dict[str, Any]:
    documents = simulator_client.get(url, "books")["documents"]
    found: dict[str, Any] = next(each for each in documents if each["xero_id"] == invoice_id)
    return found


def _press(url: str, act: str, invoice: dict[str, Any], **more: str) -> requests.Response:
    form = {"act": act, "id": invoice["xero_id"], "q": invoice["number"]} | more
    return requests.post(f"{url}/simulator/hand/act", data=form, timeout=simulator_process.TIMEOUT)


@pytest.mark.parametrize("path", ["/", "/simulator", "/simulator/"])
def test_hand_page_is_titled_and_lists_invoices(simulator_url: str, path: str) -> None:
    page = requests.get(f"{simulator_url}{path}", timeout=simulator_process.TIMEOUT)

    assert page.status_code == 200
    assert "Xero simulator</title>" in page.text
    assert len(re.findall(r'<td data-name="Number"', page.text)) == 25
    assert page.headers["X-Frame-Options"] == "DENY"


def test_hand_page_finds_by_number_and_by_contact(simulator_url: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED")

    pages = [
        html.unescape(
            requests.get(
                simulator_url, params={"q": wanted}, timeout=simulator_process.TIMEOUT
            ).text
        )
        for wanted in (invoice["number"].lower(), invoice["contact"].upper())
    ]

    assert all(f">{invoice['number']}</a>" in page for page in pages)
    assert len(re.findall(r'<td data-name="Number"', pages[0])) == 1


def test_hand_page_says_so_when_nothing_fits(simulator_url: str) -> None:
    page = requests.get(
        simulator_url, params={"q": "<b>no such thing</b>"}, timeout=simulator_process.TIMEOUT
    )

    assert "No sales invoice fits." in page.text
    assert "<b>no such thing" not in page.text


def test_hand_page_shows_another_organisation(simulator_url: str) -> None:
    other = simulator_client.get(simulator_url, "organisations")[1]

    page = requests.get(
        simulator_url, params={"tenant": other["tenant_id"]}, timeout=simulator_process.TIMEOUT
    )

    assert f"<h1>{other['name']}</h1>" in page.text


def test_unknown_organisation_is_not_found(simulator_url: str) -> None:
    assert (
        requests.get(
            simulator_url, params={"tenant": "none"}, timeout=simulator_process.TIMEOUT
        ).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("act", "status", "due"), [("pay", "PAID", "0.00"), ("credit", "PAID", "0.00")]
)
def test_button_settles_an_invoice(simulator_url: str, act: str, status: str, due: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED")

    page = _press(simulator_url, act, invoice)

    after = _invoice(simulator_url, invoice["xero_id"])
    assert (after["status"], after["amount_due"]) == (status, due)
    assert f"{invoice['number']} was" in page.text


def test_button_voids_an_invoice_without_payments(simulator_url: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED", is_untouched=True)

    _press(simulator_url, "void", invoice)

    assert _invoice(simulator_url, invoice["xero_id"])["status"] == "VOIDED"


def test_part_payment_leaves_the_rest_due(simulator_url: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED", is_untouched=True)

    _press(simulator_url, "pay", invoice, amount="10.25")

    after = _invoice(simulator_url, invoice["xero_id"])
    assert (after["status"], after["amount_paid"]) == ("AUTHORISED", "10.25")


@pytest.mark.parametrize("amount", ["0", "-5", "99999999", "ten", "NaN", "1e30"])
def test_amount_that_makes_no_sense_is_refused_on_the_page(simulator_url: str, amount: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED", is_untouched=True)

    page = _press(simulator_url, "pay", invoice, amount=amount)

    assert page.status_code == 200
    assert 'class="problem"' in page.text
    assert _invoice(simulator_url, invoice["xero_id"]) == invoice


def test_paid_invoice_has_no_buttons_and_cannot_be_voided(simulator_url: str) -> None:
    invoice = _sales_invoice(simulator_url, "PAID")

    page = _press(simulator_url, "void", invoice)

    assert 'class="problem"' in page.text
    assert 'name="act"' not in page.text


def test_invoice_is_raised_for_a_contact(simulator_url: str) -> None:
    contact_id = _sales_invoice(simulator_url, "AUTHORISED")["contact_id"]
    form = {
        "contact_id": contact_id,
        "description": "First aid <course>",
        "amount": "180",
        "due_date": "2027-03-01",
    }

    page = requests.post(
        f"{simulator_url}/simulator/hand/raise", data=form, timeout=simulator_process.TIMEOUT
    )

    found = re.search(r"(INV-\d+) was raised\.", page.text)
    assert found is not None
    documents = simulator_client.get(simulator_url, "books")["documents"]
    raised = next(each for each in documents if each["number"] == found[1])
    assert (raised["contact_id"], raised["total"]) == (contact_id, "180.00")
    assert raised["due_date"] == "2027-03-01"


def test_webhook_state_is_on_the_page(simulator_url: str) -> None:
    page = requests.get(simulator_url, timeout=simulator_process.TIMEOUT)

    assert "No address is set, so none are sent." in page.text


def test_public_page_shows_lines_and_takes_a_payment(simulator_url: str) -> None:
    invoice = _sales_invoice(simulator_url, "AUTHORISED", is_untouched=True)
    address = online_invoice.online_url(simulator_url, invoice["xero_id"])

    before = requests.get(address, timeout=simulator_process.TIMEOUT)
    after = requests.post(f"{address}/pay", timeout=simulator_process.TIMEOUT)
    again = requests.post(f"{address}/pay", timeout=simulator_process.TIMEOUT)

    assert invoice["number"] in before.text
    assert "Pay now" in before.text
    assert after.url == address
    assert "Pay now" not in after.text
    assert "Nothing is due." in again.text
    assert _invoice(simulator_url, invoice["xero_id"])["status"] == "PAID"


def test_public_page_is_missing_for_drafts_bills_and_nonsense(simulator_url: str) -> None:
    draft = _sales_invoice(simulator_url, "DRAFT")
    documents = simulator_client.get(simulator_url, "books")["documents"]
    bill = next(each for each in documents if each["type"] == "ACCPAY")
    addresses = [
        online_invoice.online_url(simulator_url, draft["xero_id"]),
        online_invoice.online_url(simulator_url, bill["xero_id"]),
        f"{simulator_url}/online/nonsense",
    ]

    assert [
        requests.get(each, timeout=simulator_process.TIMEOUT).status_code for each in addresses
    ] == [
        404,
        404,
        404,
    ]
    assert (
        requests.post(f"{addresses[0]}/pay", timeout=simulator_process.TIMEOUT).status_code == 404
    )


@pytest.mark.parametrize(
    "invoice_id",
    ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"],
)
def test_online_address_leads_back_to_its_invoice(invoice_id: str) -> None:
    token = online_invoice.online_url("http://localhost:1", invoice_id).rsplit("/", 1)[1]

    assert re.fullmatch(r"[\w-]{22}", token)
    assert online_invoice.invoice_id_of(token) == invoice_id


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 21, "A" * 24])
def test_online_address_leads_nowhere_when_it_is_no_token(token: str) -> None:
    assert online_invoice.invoice_id_of(token) is None
