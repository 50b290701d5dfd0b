"""Invoices that a merge in Xero gave to another learner's contact show on nobody's page.

Else one student would see another's, before anybody was asked whether the two are one.
"""

from typing import NamedTuple
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from invoices import queries
from invoices.models import DocumentMove
from lrm.models import Learner
from tests.support import webhook_posts
from tests.support.faults import fault
from tests.support.hooks import Desk
from tests.support.linked import Linked, clock
from tests.support.staff import Staff, make_by_hand, merge, raise_invoice, with_contact
from xero_sync.webhooks import deliveries, event_processing

ELSEWHERE = "contact in Xero by now"


class Two(NamedTuple):
    """Two learners with a contact and an invoice each."""

    ann: Learner
    anns: str
    hers: str
    ben: Learner
    bens: str
    his: str


@pytest.fixture
def two(staff: Staff) -> Two:
    """Give two learners whose contacts are about to be merged."""
    ann, anns = with_contact(staff, given_name="Ann", email="ann@example.com")
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    hers, his = raise_invoice(staff.linked, anns), raise_invoice(staff.linked, bens)
    staff.linked.sweep()
    assert (staff.shown(ann), staff.shown(ben)) == ({hers}, {his})
    return Two(ann, anns, hers, ben, bens, his)


def give(linked: Linked, number: str, contact_id: str) -> None:
    """Have accounts give an invoice to another contact in Xero."""
    document = next(one for one in linked.books()["documents"] if one["number"] == number)
    linked.world.do(
        "documents", tenant=linked.tenant, act="give", id=document["xero_id"], contact_id=contact_id
    )


def test_invoices_of_a_merged_learner_show_on_nobodys_page_until_a_yes(
    staff: Staff, two: Two
) -> None:
    merge(staff.linked, two.anns, two.bens)
    staff.linked.sweep()

    assert staff.shown(two.ben) == {two.his}
    assert staff.shown(two.ann) == set()
    assert "1 document of this contact is not shown" in staff.invoices(two.ben)
    assert str(two.ann) in staff.invoices(two.ben)
    assert ELSEWHERE in staff.invoices(two.ann)
    answer = staff.client.get(f"/reports/0442.csv?learner={two.ben.number}")
    report = answer.getvalue().decode()
    assert two.his in report
    assert two.hers not in report
    # Nor does whoever asks for the contact's documents without saying for whom.
    asked = queries.documents_of_contacts(
        organisation=staff.linked.organisation, contact_ids=[UUID(two.bens)]
    )
    assert [one.number for one in asked] == [two.his]

    staff.answer(two.ann, two.bens, "yes")

    assert staff.shown(two.ann) == staff.shown(two.ben) == {two.hers, two.his}
    assert "not shown here" not in staff.invoices(two.ben)


def test_program_is_not_told_that_a_moved_invoice_is_the_other_learners(
    staff: Staff, two: Two
) -> None:
    linked = staff.linked
    endpoint, _ = Desk(linked.portal, linked.manager).make("https://program.example.com/")
    merge(linked, two.anns, two.bens)

    linked.sweep()
    raised = raise_invoice(linked, two.bens)
    linked.sweep()

    told = {one.data["number"]: one.data["learner_id"] for one in endpoint.messages.all()}
    assert told == {two.hers: None, raised: two.ben.pk}


def test_no_leaves_them_off_until_they_are_given_their_right_contact(
    staff: Staff, two: Two
) -> None:
    linked = staff.linked
    merge(linked, two.anns, two.bens)
    linked.sweep()

    staff.answer(two.ann, two.bens, "no")

    assert staff.shown(two.ben) == {two.his}
    assert ELSEWHERE in staff.invoices(two.ann)

    made = make_by_hand(linked, name="Ann Made-Up", email="ann@example.com")
    give(linked, two.hers, made)
    linked.sweep()
    linked.take_events()
    staff.link(two.ann, made)
    assert staff.shown(two.ann) == {two.hers}
    assert staff.shown(two.ben) == {two.his}
    assert ELSEWHERE not in staff.invoices(two.ann)


def test_contact_that_was_never_the_other_learners_gives_them_up(staff: Staff, two: Two) -> None:
    """It was made for the wrong one, and accounts put that right by the merge."""
    merge(staff.linked, two.anns, two.bens)
    staff.linked.sweep()

    staff.unlink(two.ann, two.anns)

    assert staff.shown(two.ben) == {two.hers, two.his}


def test_invoice_that_comes_before_the_news_of_the_merge_waits_for_it(
    linked: Linked, settings: Settings
) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    staff = Staff(linked)
    ann, anns = with_contact(staff, given_name="Ann", email="ann@example.com")
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    number = raise_invoice(linked, anns)
    linked.sweep()
    document = next(one for one in linked.books()["documents"] if one["number"] == number)

    merge(linked, anns, bens)
    webhook_posts.deliver(webhook_posts.event(linked, "INVOICE", document["xero_id"]))
    fault(linked, {"status": 503}, path="Contacts", times=9)
    deliveries.unpack(now=clock())
    event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=clock)
    assert DocumentMove.objects.get().is_merge is None
    assert staff.shown(ann) == staff.shown(ben) == set()

    linked.world.heal()
    linked.sweep()

    assert DocumentMove.objects.get().is_merge
    assert staff.shown(ann) == staff.shown(ben) == set()


def test_invoice_that_accounts_give_to_another_contact_shows_there(staff: Staff, two: Two) -> None:
    give(staff.linked, two.hers, two.bens)
    staff.linked.sweep()
    staff.linked.take_events()

    assert staff.shown(two.ben) == {two.hers, two.his}
    assert not DocumentMove.objects.exists()


def test_invoice_that_was_given_before_the_contact_was_merged_elsewhere_shows(
    staff: Staff, two: Two
) -> None:
    """It went to its right contact; the one that it left became another's only then."""
    linked = staff.linked
    own = make_by_hand(linked, name="A. Made-Up", email="ann@example.com")
    give(linked, two.hers, two.bens)
    merge(linked, two.anns, own)
    linked.sweep()
    linked.take_events()

    assert staff.shown(two.ben) == {two.hers, two.his}
    assert not DocumentMove.objects.exists()


def test_invoice_whose_contact_was_merged_on_is_withheld_once_the_chain_is_known(
    staff: Staff, two: Two
) -> None:
    linked = staff.linked
    between = make_by_hand(linked, name="A. Made-Up", email="ann@example.com")
    merge(linked, two.anns, between)
    merge(linked, between, two.bens)
    linked.sweep()
    linked.take_events()

    assert staff.shown(two.ben) == {two.his}
    assert set(DocumentMove.objects.values_list("is_merge", flat=True)) == {True}


def test_chain_of_merges_is_followed_back_to_whose_they_were(staff: Staff, two: Two) -> None:
    linked = staff.linked
    between = make_by_hand(linked, name="A. Made-Up", email="ann@example.com")
    merge(linked, two.anns, between)
    linked.sweep()
    assert staff.shown(two.ann) == {two.hers}

    merge(linked, between, two.bens)
    linked.sweep()

    assert staff.shown(two.ben) == {two.his}


def test_invoices_of_another_portals_learner_are_kept_off_without_a_name(
    staff: Staff, neighbours: Staff
) -> None:
    linked = staff.linked
    zora, zoras = with_contact(neighbours, "L900009", given_name="Zora", email="z@example.com")
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    hers, his = raise_invoice(linked, zoras), raise_invoice(linked, bens)
    for each in (linked, neighbours.linked):
        each.sweep()

    merge(linked, zoras, bens)
    for each in (linked, neighbours.linked):
        each.sweep()

    assert staff.shown(ben) == {his}
    assert neighbours.shown(zora) == set()
    assert "1 document of this contact is not shown" in staff.invoices(ben)
    assert "Zora" not in staff.invoices(ben)
    assert hers not in staff.invoices(ben)
