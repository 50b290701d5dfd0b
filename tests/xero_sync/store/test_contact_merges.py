"""Merges in Xero as they are stored: in any order, in circles, in portals side by side."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from connected_apps.models import Organisation
from invoices.models import ContactLink
from lrm.models import Learner, User
from tests.support import builders
from tests.support.contact_pages import contact, save, store
from xero_sync.models import WebhookEvent
from xero_sync.store import contact_merges

A, B, C, D = (UUID(int=n) for n in range(1, 5))


def merged(contact_id: UUID, into: UUID | None, number: str = "", name: str = "X") -> Any:
    """Return a contact that was merged, or one that was not."""
    more = {"MergedToContactID": str(into), "ContactStatus": "ARCHIVED"} if into else {}
    return contact(number, name, ContactID=str(contact_id), **more)


def linked(learner: Learner) -> dict[UUID, str]:
    """Return the contacts of a learner, and what each link rests on."""
    return dict(learner.contact_links.values_list("contact_xero_id", "evidence"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_chain_leads_to_its_end_in_any_order(
    organisation: Organisation, staff: User, order: tuple[int, ...]
) -> None:
    pages = [
        merged(A, B, "L1", "Mei Kelly"),
        merged(B, C),
        merged(C, D),
        merged(D, None),
    ]
    learner = save(staff)

    for at in order:
        store(organisation, pages[at])

    assert linked(learner) == {A: "NAME", B: "MERGED", C: "MERGED", D: "MERGED"}


def test_circle_leads_nowhere_and_ends(organisation: Organisation, staff: User) -> None:
    learner = save(staff)

    store(organisation, merged(A, B, "L1", "Mei Kelly"), merged(B, C), merged(C, B))
    store(organisation, merged(D, D, "L1", "Mei Kelly"))

    assert linked(learner) == {A: "NAME", D: "NAME"}


def test_merged_elsewhere_ends_the_one_and_makes_the_other(
    organisation: Organisation, staff: User
) -> None:
    learner = save(staff)
    store(organisation, merged(A, B, "L1", "Mei Kelly"), merged(B, None), merged(C, None))

    store(organisation, merged(A, C, "L1", "Mei Kelly"))

    assert linked(learner) == {A: "NAME", C: "MERGED"}


def test_winner_is_lost_with_the_number_that_led_to_the_loser(
    organisation: Organisation, staff: User
) -> None:
    learner = save(staff)
    store(organisation, merged(A, B, "L1", "Mei Kelly"), merged(B, None))

    save(staff, learner, number="L2")
    assert linked(learner) == {}
    save(staff, learner, number="L1")

    assert linked(learner) == {A: "NAME", B: "MERGED"}


def test_winner_that_is_unknown_is_asked_for_once(organisation: Organisation, staff: User) -> None:
    save(staff)

    store(organisation, merged(A, B, "L1", "Mei Kelly"))
    store(organisation, merged(A, B, "L1", "Mei Kelly"))

    event = WebhookEvent.objects.get()
    assert (event.category, event.resource_id, event.state) == ("CONTACT", B, "PENDING")


def test_merge_that_concerns_no_learner_asks_for_nothing(organisation: Organisation) -> None:
    store(organisation, merged(A, B, "L1", "Mei Kelly"))

    assert not WebhookEvent.objects.exists()


def test_same_person_in_two_portals_follows_in_both(
    organisation: Organisation, staff: User
) -> None:
    portal = builders.make_portal("Saltbush")
    neighbours = Organisation.objects.create(
        portal=portal, tenant_id=organisation.tenant_id, name="The same"
    )
    ours, theirs = save(staff), save(builders.make_user(portal))

    for _ in range(2):
        for each in (organisation, neighbours):
            store(each, merged(A, B, "L1", "Mei Kelly"), merged(B, None))

    assert linked(ours) == linked(theirs) == {A: "NAME", B: "MERGED"}


def test_page_without_merges_costs_one_query_for_them(
    organisation: Organisation, staff: User, django_assert_num_queries: Any
) -> None:
    for number in range(50):
        builders.make_learner(
            organisation.portal, number=f"M{number}", given_name="Mei", family_name=f"K{number}"
        )
    store(organisation, *(contact(f"M{n}", f"Mei K{n}") for n in range(50)))
    ids = list(ContactLink.objects.values_list("contact_xero_id", flat=True))

    with django_assert_num_queries(1):
        merges = contact_merges.around(organisation.pk, ids)

    assert not merges
