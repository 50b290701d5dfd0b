"""Accepting what is suggested: only who surely belongs together, and as it was seen."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from invoices.models import Contact, ContactLink
from lrm.models import BatchJob, Learner, Portal
from tests.support import builders, document_builders
from tests.support.batch_jobs import work_on
from tests.support.contact_desk import CONTACTS, Desk
from tests.support.contact_rows import Office, open_office
from tests.support.linked import Linked
from tests.support.staff import change, make_by_hand, raise_invoice

CHANGED = "answered already, or has changed since the page was opened"
# More than are done while somebody waits.
MANY = 203


@pytest.fixture
def desk(linked: Linked) -> Desk:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return Desk(linked)


def kim(desk: Desk, number: str, **details: Any) -> Learner:
    """Save a ticked learner called Kim Lee, who is not sent yet."""
    given = {"given_name": "Kim", "family_name": "Lee", "email": f"{number}@example.com"}
    return desk.save(**{"ticked": True, "number": number, **given, **details})


def kims_contact(desk: Desk, **values: Any) -> tuple[str, str]:
    """Have accounts make a contact called Kim Lee, and return it with its invoice."""
    contact_id = make_by_hand(desk.linked, **{"name": "Kim Lee", **values})
    invoice = raise_invoice(desk.linked, contact_id)
    desk.linked.sweep()
    return contact_id, invoice


def marks(desk: Desk, tab: str, **query: str) -> list[str]:
    """Return what the form of a tab says that somebody saw."""
    return re.findall(r'name="seen" value="([^"]*)"', desk.page(tab, **query))


def test_contact_of_two_namesakes_is_linked_to_neither_at_once(desk: Desk) -> None:
    """Else each would see the other's invoices."""
    kims_contact(desk)
    people = [kim(desk, number) for number in ("L900001", "L900002")]

    said = desk.act("without-contact", "accept", *(f"{each.pk}." for each in people))

    assert "2 left as they are." in said
    assert "More than one fits, here or in Xero" in said
    assert not ContactLink.objects.filter(learner__in=people).exists()
    assert [desk.shown(each) for each in people] == [set(), set()]


def test_contact_of_two_namesakes_is_not_linked_to_the_one_that_is_checked(desk: Desk) -> None:
    kims_contact(desk)
    first, _ = [kim(desk, number) for number in ("L900001", "L900002")]

    said = desk.act("without-contact", "accept", f"{first.pk}.")

    assert "More than one fits, here or in Xero" in said
    assert desk.shown(first) == set()


def test_all_that_match_link_no_contact_to_two_namesakes(desk: Desk) -> None:
    kims_contact(desk)
    people = [kim(desk, number) for number in ("L900001", "L900002")]

    given = {"tab": "without-contact", "act": "accept", "all": "yes", "confirmed": "yes"}
    desk.post("act/", {**given, "q": "Kim Lee"})

    assert [desk.shown(each) for each in people] == [set(), set()]


def test_two_contacts_of_one_name_are_not_both_linked_to_one_learner(desk: Desk) -> None:
    """One of them may be another person of that name, whose invoices would show here."""
    ids = [kims_contact(desk, name=name)[0] for name in ("Kim Lee", "Lee, Kim")]
    learner = kim(desk, "L900001", ticked=False)

    said = desk.act("no-learner", "accept", *(f".{each}" for each in ids))

    assert "2 left as they are." in said
    assert desk.shown(learner) == set()


def test_contact_is_not_added_at_once_to_a_learner_who_has_one(desk: Desk) -> None:
    """A brother or sister may have the same address in Xero."""
    learner = kim(desk, "L900001")
    desk.push()
    contact_id, invoice = kims_contact(desk, name="Ravi Lee", email="L900001@example.com")

    said = desk.act("no-learner", "accept", f".{contact_id}")
    assert "has a contact already" in said
    assert desk.shown(learner) == set()

    # Whoever looks at the two may say so.
    desk.press("no-learner", f"accept {learner.pk}.{contact_id}", q="Ravi Lee")
    assert desk.shown(learner) == {invoice}


def test_only_suggestion_on_both_sides_is_linked(desk: Desk) -> None:
    contact_id, invoice = kims_contact(desk)
    learner = kim(desk, "L900001")
    key = f"{learner.pk}."

    seen = marks(desk, "without-contact", q="Kim Lee")
    assert sorted(mark.partition("=")[0] for mark in seen) == [key, f"{learner.pk}.{contact_id}"]
    given = {"tab": "without-contact", "act": "accept", "key": key, "seen": seen}
    said = desk.post("act/", given)

    assert "1 linked." in said
    assert desk.shown(learner) == {invoice}


@pytest.mark.parametrize("is_marked", [True, False])
@pytest.mark.parametrize("tab", ["without-contact", "no-learner"])
@pytest.mark.parametrize("many", [True, False])
def test_contact_that_became_another_persons_is_not_linked_from_an_old_page(
    desk: Desk, tab: str, *, is_marked: bool, many: bool
) -> None:
    contact_id, _ = kims_contact(desk)
    learner = kim(desk, "L900001")
    alone = f"{learner.pk}." if tab == "without-contact" else f".{contact_id}"
    given = (
        {"act": "accept", "key": alone} if many else {"only": f"accept {learner.pk}.{contact_id}"}
    )
    seen = marks(desk, tab, q="Kim Lee") if is_marked else []
    change(desk.linked, contact_id, name="Wren Ito")
    desk.linked.sweep()

    said = desk.post("act/", {"tab": tab, **given, "seen": seen})

    assert "linked." not in said
    assert CHANGED in said or "Nothing is suggested for it" in said
    assert desk.shown(learner) == set()


def test_contact_that_has_another_address_than_was_shown_is_not_linked(desk: Desk) -> None:
    """It is suggested still, by the name alone."""
    contact_id, _ = kims_contact(desk, email="L900001@example.com")
    learner = kim(desk, "L900001")
    seen = marks(desk, "without-contact", q="Kim Lee")
    change(desk.linked, contact_id, email="another.kim@example.com")
    desk.linked.sweep()

    for given in (
        {"only": f"accept {learner.pk}.{contact_id}"},
        {"act": "accept", "key": f"{learner.pk}."},
    ):
        said = desk.post("act/", {"tab": "without-contact", **given, "seen": seen})
        assert CHANGED in said

    assert desk.shown(learner) == set()


def test_suggestion_that_came_after_the_page_was_opened_is_not_accepted_unseen(desk: Desk) -> None:
    learner = kim(desk, "L900001")
    seen = marks(desk, "without-contact", q="Kim Lee")
    kims_contact(desk)

    given = {"tab": "without-contact", "act": "accept", "key": f"{learner.pk}.", "seen": seen}
    said = desk.post("act/", given)

    assert CHANGED in said
    assert desk.shown(learner) == set()


def test_contact_that_was_linked_to_the_namesake_meanwhile_is_not_linked_again(desk: Desk) -> None:
    contact_id, invoice = kims_contact(desk)
    first, second = [kim(desk, number) for number in ("L900001", "L900002")]
    desk.press("without-contact", f"accept {second.pk}.{contact_id}")

    said = desk.post("act/", {"tab": "without-contact", "only": f"accept {first.pk}.{contact_id}"})

    assert CHANGED in said
    assert (desk.shown(first), desk.shown(second)) == (set(), {invoice})


@pytest.mark.parametrize("what", ["renamed", "taken"])
def test_contact_that_changed_since_it_was_found_is_not_linked(desk: Desk, what: str) -> None:
    contact_id, invoice = kims_contact(desk)
    first, second = [kim(desk, number, ticked=False) for number in ("L900001", "L900002")]
    form = found(desk, first, contact_id, "Kim")
    if what == "taken":
        desk.link(second, contact_id)
    else:
        change(desk.linked, contact_id, name="Wren Ito")
        desk.linked.sweep()

    said = desk.post("link/", form)

    assert CHANGED in said
    assert desk.shown(first) == set()
    # Whoever looks again may say so.
    desk.post("link/", found(desk, first, contact_id, "Kim" if what == "taken" else "Wren"))
    assert desk.shown(first) == {invoice}


def found(desk: Desk, learner: Learner, contact_id: str, text: str) -> dict[str, str]:
    """Search for a contact, and return what the form beside it sends."""
    answer = desk.client.get(f"{CONTACTS}find/{learner.pk}./", {"find": text})
    pair = f"{learner.pk}.{contact_id}"
    form = next(form for form in answer.content.decode().split("<form") if pair in form)
    return {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)), "tab": "linked"}


@pytest.fixture
def office(portal: Portal) -> Office:
    return open_office(portal)


def test_job_links_no_contact_to_two_namesakes_however_far_apart_they_stand(office: Office) -> None:
    """They are not in one batch, so the first would be linked before the second is looked at."""
    namesakes = [wanting(office, "Kim", "Lee")]
    alone = [wanting(office, "Ona", f"Made-Up {n}") for n in range(MANY)]
    namesakes.append(wanting(office, "Kim", "Lee"))
    for name in ("Kim Lee", alone[0].full_name):
        document_builders.make_contact(office.organisation, name=name)

    job = asked_for_all(office)
    # What comes afterwards nobody has seen.
    late = document_builders.make_contact(office.organisation, name=alone[1].full_name)
    Contact.objects.filter(pk=late.pk).update(first_synced_at=timezone.now() + timedelta(seconds=1))
    work_on(job)

    assert list(ContactLink.objects.values_list("learner_id", flat=True)) == [alone[0].pk]
    reasons = dict(job.failures.values_list("name", "reason"))
    assert all("More than one fits, here or in Xero" in reasons[str(each)] for each in namesakes)
    assert "came after" in reasons[str(alone[1])]


def wanting(office: Office, given_name: str, family_name: str) -> Learner:
    """Store a ticked learner without a contact."""
    names = {"given_name": given_name, "family_name": family_name}
    return builders.make_learner(office.portal, sync_to_xero=True, **names)


def asked_for_all(office: Office) -> BatchJob:
    """Ask for accepting all that is suggested for learners without a contact."""
    given = {"tab": "without-contact", "act": "accept", "all": "yes", "confirmed": "yes"}
    office.post("act/", given)
    return BatchJob.objects.get()
