"""A learner's own page after accounts merged the learner's contact into another one in Xero."""

import re

import pytest
from django.test import Client

from invoices.models import CoverDecision, Document
from lrm.models import Learner
from tests.support import builders
from tests.support.linked import clock
from tests.support.staff import Staff, make_by_hand, merge, raise_invoice, with_contact

PATH = "/my/invoices/"


@pytest.fixture
def staff(staff: Staff) -> Staff:
    """Staff of a portal whose learners see their documents."""
    staff.linked.portal.learners_see_documents = True
    staff.linked.portal.save()
    return staff


def own_client(learner: Learner) -> Client:
    return builders.client_of(builders.make_learner_account(learner))


def shown(client: Client) -> set[str]:
    """Return the numbers of the documents on the learner's own page."""
    return set(re.findall(r"INV-\d+", client.get(PATH).content.decode()))


def online(client: Client, number: str) -> int:
    """Return how the learner's own way to Xero's online invoice answers."""
    document = Document.objects.get(number=number)
    return client.get(f"{PATH}{document.pk}/online/").status_code


@pytest.mark.parametrize("ticked", [True, False])
def test_winner_that_does_not_agree_is_not_on_the_learners_own_page(
    staff: Staff, *, ticked: bool
) -> None:
    """It may be an employer's, which owes for others; nobody is asked before the next save."""
    linked = staff.linked
    learner, loser = with_contact(staff)
    if not ticked:
        staff.save(learner, ticked=False)
    client = own_client(learner)
    winner = make_by_hand(linked, name="Acme Builders", email="accounts@acme.example")
    before, theirs = raise_invoice(linked, loser), raise_invoice(linked, winner)
    linked.sweep()
    assert shown(client) == {before}

    merge(linked, loser, winner)
    linked.sweep()

    assert staff.shown(learner) == {before, theirs}
    assert shown(client) == set()
    assert online(client, theirs) == 404
    assert "is checking which documents are yours" in client.get(PATH).content.decode()


def test_winner_of_which_somebody_said_yes_is_on_the_learners_own_page(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    client = own_client(learner)
    winner = make_by_hand(linked, name="Ravi Ito", email="ravi@example.com")
    invoice = raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    assert shown(client) == set()

    staff.link(learner, winner)

    assert shown(client) == {invoice}


@pytest.mark.parametrize(
    "agrees",
    [
        {"name": "Made-Up, Imogen", "email": "other@example.com"},
        {"name": "I. Made-Up (Geelong)", "email": "imogen@example.com"},
    ],
)
def test_winner_that_agrees_in_name_or_email_stays_on_the_learners_own_page(
    staff: Staff, agrees: dict[str, str]
) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    client = own_client(learner)
    winner = make_by_hand(linked, **agrees)
    invoices = {raise_invoice(linked, loser), raise_invoice(linked, winner)}

    merge(linked, loser, winner)
    linked.sweep()

    assert shown(client) == invoices


def test_winner_that_pays_for_others_is_not_on_the_learners_own_page(staff: Staff) -> None:
    """Ann is a master builder of her own, and pays for Ben."""
    linked = staff.linked
    learner, loser = with_contact(staff)
    other = staff.save(ticked=False, number="L900002", given_name="Ben", email="ben@example.com")
    client = own_client(learner)
    winner = make_by_hand(linked, name="Made-Up Builders", email="imogen@example.com")
    covering = raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    assert shown(client) == {covering}

    document = Document.objects.get(number=covering)
    CoverDecision.objects.create(
        learner=other,
        organisation=linked.organisation,
        kind=document.kind,
        document_xero_id=document.xero_id,
        is_covered=True,
        by_name="Staff",
        at=clock(),
    )

    assert shown(client) == set()
    assert online(client, covering) == 404
