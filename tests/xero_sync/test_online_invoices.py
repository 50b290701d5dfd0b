"""View Invoice: one question to Xero, then a redirect to a host of Xero's own and nowhere else."""

import socket
import time
from contextlib import ExitStack

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from invoices.models import ContactLink, Document
from lrm import page_calls
from tests.support import builders, document_builders, limiting
from tests.support.faults import fault
from tests.support.linked import Linked
from xero_sync import online_invoices


def an_invoice(linked: Linked) -> Document:
    """Return an approved invoice that is stored here."""
    linked.sweep()
    return Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]


def owner_of(document: Document, linked: Linked) -> Client:
    """Return the browser of a learner whose own the document is."""
    linked.portal.learners_see_documents = True
    linked.portal.save()
    learner = builders.make_learner(linked.portal)
    assert document.contact_xero_id is not None
    ContactLink.objects.filter(contact_xero_id=document.contact_xero_id).delete()
    document_builders.link(learner, linked.organisation, document.contact_xero_id)
    return builders.client_of(builders.make_learner_account(learner))


def test_click_asks_once_and_leads_to_xero(linked: Linked) -> None:
    address = f"/documents/{an_invoice(linked).pk}/online/"
    client = builders.client_of(linked.manager)

    first, second = client.get(address), client.get(address)

    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert linked.world.calls("onlineinvoice") == 1


def test_click_of_a_learner_leads_to_xero_for_their_own_invoice_alone(linked: Linked) -> None:
    own = an_invoice(linked)
    others = Document.objects.filter(kind="INVOICE", status="AUTHORISED")
    stranger = others.exclude(contact_xero_id=own.contact_xero_id)[0]
    client = owner_of(own, linked)

    mine = client.get(f"/my/invoices/{own.pk}/online/")
    theirs = client.get(f"/my/invoices/{stranger.pk}/online/")

    assert mine.status_code == 302
    assert mine["Location"].startswith("http")
    assert theirs.status_code == 404
    assert linked.world.calls("onlineinvoice") == 1


def test_learner_is_told_to_try_later_when_xero_does_not_answer(linked: Linked) -> None:
    own = an_invoice(linked)
    client = owner_of(own, linked)
    fault(linked, {"status": 500, "body": "{}"}, times=-1)

    answer = client.get(f"/my/invoices/{own.pk}/online/")

    assert answer.status_code == 503
    assert b"Try again in a minute" in answer.content
    assert b"Dashboard" not in answer.content


def test_kept_address_is_asked_for_again_when_its_host_is_no_longer_xeros(
    linked: Linked, settings: Settings
) -> None:
    document = an_invoice(linked)
    Document.objects.filter(pk=document.pk).update(online_url="https://elsewhere.example.com/x")

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")

    assert answer.status_code == 302
    assert "elsewhere" not in answer["Location"]


@pytest.mark.parametrize(
    "address",
    [
        "https://[in.xero.com/abc",
        "https://in.xero.com.example.com/abc",
        "https://in.xero.com@example.com/abc",
        "https://example.com\\\\@in.xero.com/abc",
        "http://in.xero.com/abc",
        "javascript:alert(1)",
        "//in.xero.com/abc",
        "https://in.xero.com/" + "x" * 500,
    ],
)
def test_address_of_another_place_is_not_followed(address: str) -> None:
    assert not online_invoices.is_xeros_own(address)


def test_person_is_told_who_acts_when_xero_refuses(linked: Linked) -> None:
    document = an_invoice(linked)
    fault(linked, {"status": 403, "body": '{"Detail": "AuthenticationUnsuccessful"}'}, times=-1)

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")

    said = answer.content.decode()
    assert answer.status_code == 503
    assert "lacks the role for it in Xero" in said
    assert "Try again in a moment" not in said


def test_click_says_so_within_seconds_while_valkey_hangs(
    linked: Linked, settings: Settings
) -> None:
    document = an_invoice(linked)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        limiting.forget_shared()
        began = time.monotonic()

        answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")

    assert answer.status_code == 503
    assert "cannot count its calls" in answer.content.decode()
    assert time.monotonic() - began < 4
    assert linked.world.calls("onlineinvoice") == 0


def test_click_is_answered_at_once_while_others_wait_and_asks_again(linked: Linked) -> None:
    document = an_invoice(linked)
    client = builders.client_of(linked.manager)
    address = f"/documents/{document.pk}/online/"

    with ExitStack() as others:
        for _ in range(page_calls.SEATS):
            others.enter_context(page_calls.seat())
        busy = client.get(address)
    later = client.get(address)

    assert (busy.status_code, busy["Refresh"]) == (503, "3")
    assert "tries again by itself" in busy.content.decode()
    assert later.status_code == 302
    assert linked.world.calls("onlineinvoice") == 1
