"""Links between learners and contacts are derived from both sides, and their history is kept."""

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, transaction

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, ContactLinkChange, LinkSource
from lrm.models import Learner, User
from lrm.personal_data import erasure
from tests.support import builders, document_builders
from tests.support.contact_pages import contact, save, store
from xero_sync.models import ContactQuestion
from xero_sync.store import contact_links


def linked(learner: Learner) -> list[tuple[str, str]]:
    """Return source and evidence of the learner's links."""
    return list(learner.contact_links.values_list("source", "evidence"))


def history(learner: Learner) -> list[tuple[str, str, str]]:
    """Return what became of the learner's links, oldest first: what, why, by whom."""
    lines = ContactLinkChange.objects.filter(learner=learner).order_by("id")
    return list(lines.values_list("change", "why", "by_name"))


def test_link_is_derived_whichever_side_comes_first(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact("L1"))
    first = save(staff)
    second = save(staff, number="L2", given_name="Ravi", family_name="Ito")
    store(organisation, contact("L2", "Ito, Ravi"))

    assert linked(first) == [("NUMBER", "NAME")]
    assert linked(second) == [("NUMBER", "NAME")]


def test_first_and_last_name_count_where_the_name_is_another(
    organisation: Organisation, staff: User
) -> None:
    learner = save(staff)

    store(organisation, contact("L1", "Kelly Plumbing", FirstName="Mei", LastName="Kelly"))

    assert linked(learner) == [("NUMBER", "NAME")]


def test_link_ends_and_comes_back_with_its_history(organisation: Organisation, staff: User) -> None:
    store(organisation, one := contact("L1"))
    learner = save(staff)

    save(staff, learner, number="L2")
    store(organisation, contact("L2", "Mei Kelly", ContactID=one["ContactID"]))
    store(organisation, contact("L2", "Somebody Else", ContactID=one["ContactID"]))

    assert linked(learner) == []
    system = "The system"
    assert history(learner) == [
        ("MADE", "Number and name agree", system),
        ("ENDED", "The numbers do not agree", system),
        ("MADE", "Number and name agree", system),
        ("ENDED", "Only the number agrees", system),
    ]


def test_evidence_follows_without_a_line_where_the_link_stands(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, one := contact("L1", EmailAddress="mei@example.com"))
    learner = save(staff, email="mei@example.com")
    assert linked(learner) == [("NUMBER", "NAME_EMAIL")]

    store(
        organisation,
        contact("L1", "Mei Wilson", ContactID=one["ContactID"], EmailAddress="MEI@example.com"),
    )

    assert linked(learner) == [("NUMBER", "EMAIL")]
    assert len(history(learner)) == 1


@pytest.mark.parametrize("source", [LinkSource.PUSHED, LinkSource.PERSON])
def test_what_we_made_and_what_a_person_said_stays(
    organisation: Organisation, staff: User, source: LinkSource
) -> None:
    learner = save(staff)
    store(organisation, one := contact("L9", "Somebody Else"))
    ContactLink.objects.create(
        learner=learner,
        organisation=organisation,
        contact_xero_id=one["ContactID"],
        source=source,
        created_at=datetime.now(UTC),
    )

    save(staff, learner, number="L2")
    store(organisation, contact("L8", "Another", ContactID=one["ContactID"]))

    assert [made for made, _ in linked(learner)] == [source]


def test_email_that_another_learner_gets_says_nothing_any_more(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact("L1", "Ben Kelly", EmailAddress="family@example.com"))
    learner = save(staff, email="family@example.com")
    assert linked(learner) == [("NUMBER", "EMAIL")]

    sister = save(staff, number="L2", given_name="Ann", email="Family@example.com")
    assert linked(learner) == []

    save(staff, sister, number="L2", given_name="Ann", email="ann@example.com")
    assert linked(learner) == [("NUMBER", "EMAIL")]


def test_email_that_another_contact_gets_says_nothing_any_more(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact("L1", "Ben Kelly", EmailAddress="family@example.com"))
    learner = save(staff, email="family@example.com")
    assert linked(learner) == [("NUMBER", "EMAIL")]

    store(organisation, contact("", "Kelly Household", EmailAddress="family@example.com"))

    assert linked(learner) == []


@pytest.mark.parametrize(
    "change", [{"ContactStatus": "ARCHIVED"}, {"EmailAddress": "household@example.com"}]
)
def test_email_that_another_contact_gives_up_counts_again(
    organisation: Organisation, staff: User, change: dict[str, str]
) -> None:
    store(organisation, contact("L1", "Ben Kelly", EmailAddress="family@example.com"))
    other = contact("", "Kelly Household", EmailAddress="family@example.com")
    store(organisation, other)
    learner = save(staff, email="family@example.com")
    assert linked(learner) == []

    again = contact("", "Kelly Household", ContactID=other["ContactID"])
    store(organisation, {**again, "EmailAddress": other["EmailAddress"], **change})

    assert linked(learner) == [("NUMBER", "EMAIL")]
    assert not ContactQuestion.objects.exists()


def test_email_of_a_learner_who_is_erased_counts_again_for_the_other(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact("L1", "Ben Kelly", EmailAddress="family@example.com"))
    sister = save(staff, number="L2", given_name="Ann", email="family@example.com")
    learner = save(staff, email="family@example.com")
    assert linked(learner) == []

    assert staff.portal is not None
    erasure.erase(
        learner=sister, portal=staff.portal, confirmed="L2", by=staff, now=datetime.now(UTC)
    )

    assert linked(learner) == [("NUMBER", "EMAIL")]


def test_name_goes_on_to_count_where_the_email_is_shared(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact("L1", EmailAddress="family@example.com"))
    learner = save(staff, email="family@example.com")

    save(staff, number="L2", given_name="Ann", email="family@example.com")

    assert linked(learner) == [("NUMBER", "NAME_EMAIL")]


def test_contact_number_with_spaces_around_it_is_found(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, contact(" L1 "))

    assert linked(save(staff)) == [("NUMBER", "NAME")]


def test_another_portals_learner_of_the_same_number_and_name_is_not_linked(
    organisation: Organisation, staff: User
) -> None:
    stranger = builders.make_learner(
        builders.make_portal("Saltbush"), number="L1", given_name="Mei", family_name="Kelly"
    )

    store(organisation, contact("L1"))

    assert linked(stranger) == []


def test_page_of_contacts_costs_a_fixed_number_of_queries(
    organisation: Organisation, staff: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(200):
        builders.make_learner(
            organisation.portal, number=f"M{number}", given_name="Mei", family_name=f"K{number}"
        )

    with django_assert_max_num_queries(31):
        store(organisation, *(contact(f"M{n}", f"Mei K{n}") for n in range(200)))

    assert ContactLink.objects.filter(evidence="NAME").count() == 200


def test_link_that_the_release_before_made_is_looked_at_with_the_next_page(
    organisation: Organisation, staff: User
) -> None:
    good, wrong = save(staff), save(staff, number="L2", given_name="Ravi")
    for learner in (good, wrong):
        theirs = document_builders.make_contact(
            organisation, name="Mei Kelly", number=learner.number
        )
        document_builders.link(learner, organisation, theirs.xero_id)

    store(organisation, contact("", "Nobody's"))

    assert linked(good) == [("NUMBER", "NAME")]
    assert linked(wrong) == []


def test_migration_ends_what_the_rule_does_not_uphold(
    organisation: Organisation, staff: User
) -> None:
    migration = importlib.import_module("invoices.migrations.0003_end_links_by_number_alone")
    kept, ended, taken, made = (
        builders.make_learner(organisation.portal, number=n, given_name="Mei", family_name="Kelly")
        for n in ("L1", "L2", "L3", "L4")
    )
    contacts = {
        learner: document_builders.make_contact(organisation, name=name, number=learner.number)
        for learner, name in (
            (kept, "KELLY, Mei"),
            (ended, "Ravi Ito"),
            (taken, "Mei Kelly"),
            (made, "Ravi Ito"),
        )
    }
    for learner, theirs in contacts.items():
        document_builders.link(learner, organisation, theirs.xero_id)
    ContactLink.objects.filter(learner=made).update(source=LinkSource.PUSHED)
    document_builders.link(made, organisation, contacts[taken].xero_id)
    ContactLink.objects.filter(learner=made).update(source=LinkSource.PUSHED)

    for _ in range(2):
        migration.hold_against_the_rule(apps, None)

    assert linked(kept) == [("NUMBER", "NAME")]
    assert linked(ended) == linked(taken) == []
    assert [source for source, _ in linked(made)] == ["PUSHED", "PUSHED"]
    assert history(ended) == [("ENDED", "Only the number agrees", "The system")]
    assert history(taken) == [("ENDED", "The contact was made for another learner", "The system")]


@pytest.mark.django_db(transaction=True)
def test_learner_saved_while_a_contact_is_stored_is_held_against_what_was_stored() -> None:
    portal = builders.make_portal()
    organisation = document_builders.make_organisation(portal)
    staff = builders.make_user(portal)
    one = contact("L1")
    store(organisation, one)
    stored, saved = threading.Event(), threading.Event()

    def rename() -> None:
        with transaction.atomic():
            store(organisation, contact("L1", "Somebody Else", ContactID=one["ContactID"]))
            stored.set()
            # The save must be waiting by now; it cannot end before this does.
            assert not saved.wait(timeout=1)
        connection.close()

    def save_meanwhile() -> None:
        assert stored.wait(timeout=30)
        save(staff)
        saved.set()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(rename), pool.submit(save_meanwhile)]:
            done.result(timeout=60)

    assert not ContactLink.objects.exists()
    assert Contact.objects.get().name == "Somebody Else"


def test_making_a_contact_ones_own_ends_the_links_of_others(
    organisation: Organisation, staff: User
) -> None:
    store(organisation, one := contact("L1"))
    learner = save(staff)
    other_portal = builders.make_portal("Saltbush")
    theirs = Organisation.objects.create(
        portal=other_portal, tenant_id=organisation.tenant_id, name="The same"
    )
    stranger = builders.make_learner(
        other_portal, number="L1", given_name="Mei", family_name="Kelly"
    )
    store(theirs, contact("L1", ContactID=one["ContactID"]))
    assert linked(learner) == linked(stranger) == [("NUMBER", "NAME")]

    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        contact_links.make_own(
            organisation=organisation,
            pairs=[(learner.pk, UUID(one["ContactID"]))],
            now=datetime.now(UTC) + timedelta(seconds=1),
        )

    assert linked(learner) == [("PUSHED", "MADE")]
    assert linked(stranger) == []
    assert history(stranger)[-1] == (
        "ENDED",
        "The contact belongs to a learner of another portal",
        "The system",
    )
