"""The pass that finds which numbers documents name: from Xero's books to the learner's page."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from invoices.models import Contact, ContactLink, ContactLinkChange, Document, NamedNumber
from lrm.models import Learner
from tests.support import builders, document_builders, mentions, page_reading
from tests.support.learners import save
from tests.support.linked import Linked
from tests.support.staff import Staff
from xero_sync import tasks
from xero_sync.jobs import leases
from xero_sync.maintenance import mention_pass
from xero_sync.models import MentionPass


def employer_of(linked: Linked) -> dict[str, Any]:
    """Return a customer in Xero without a number."""
    found: dict[str, Any] = next(
        one
        for one in linked.books()["contacts"]
        if not one["number"] and one["email"].endswith("@employer.example.com")
    )
    return found


def bill(linked: Linked, contact_id: str, *lines: str, **values: str) -> str:
    """Have accounts make out an invoice in Xero, and return Xero's id of it."""
    made = linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="raise",
        contact_id=contact_id,
        lines=[{"description": line, "unit_amount": "110.00"} for line in lines],
        **values,
    )
    return str(made["id"])


def said(linked: Linked, learner: Learner) -> str:
    """Return what the learner's page says."""
    client = builders.client_of(linked.manager)
    return page_reading.text_of(page_reading.page_of(client, learner))


@pytest.fixture
def quiet(linked: Linked) -> Linked:
    """Give a portal whose documents are stored and looked through."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    mentions.look_through(linked.organisation)
    return linked


def many_billed(linked: Linked, count: int) -> None:
    """Store invoices to an employer that name a learner each, after all others."""
    payer = Contact.objects.get(xero_id=employer_of(linked)["contact_id"])
    for n in range(count):
        mentions.make_billed(payer, f"For W00012{n}", synced_at=mentions.later(seconds=n))


def found() -> int:
    """Return how many of their numbers were found."""
    return NamedNumber.objects.filter(number__startswith="W00012").count()


def change(linked: Linked, act: str, xero_id: str, **values: Any) -> None:
    """Change a document in Xero and sweep."""
    linked.world.do("clock", advance_seconds=60)
    linked.world.do("documents", tenant=linked.tenant, act=act, id=xero_id, **values)
    linked.sweep()


def test_employers_invoice_is_suggested_accepted_and_followed(quiet: Linked) -> None:
    learner = save(quiet, number="W000123", sync_to_xero=False)
    other = save(quiet, number="W000124", given_name="Sol", sync_to_xero=False)
    employer = employer_of(quiet)
    xero_id = bill(quiet, employer["contact_id"], "Course fee", "Term 1 for W000123, Imogen")
    quiet.sweep()
    assert "Does it cover" not in said(quiet, learner)

    mentions.look_through(quiet.organisation)

    text = said(quiet, learner)
    assert "Does it cover Imogen Made-Up?" in text
    assert employer["name"] in text
    assert "In line 2: “Term 1 for W000123, Imogen”" in text
    assert "Does it cover" not in said(quiet, other)
    document = Document.objects.get(xero_id=xero_id)
    books = quiet.books()
    payer = Contact.objects.get(xero_id=employer["contact_id"])
    answer = {"mention": f"{document.pk}-{learner.pk}", "answer": "yes"}
    builders.client_of(quiet.manager).post(f"/contacts/{payer.pk}/covers/", answer)
    text = said(quiet, learner)
    assert "Billed to others" in text
    assert "Awaiting payment" in text
    assert quiet.books() == books

    change(quiet, "pay", xero_id)
    assert "Paid" in said(quiet, learner).partition("Billed to others")[2]
    assert document.number in said(quiet, learner)
    assert document.number not in said(quiet, other)


def test_suggestion_vanishes_when_the_document_in_xero_names_nobody_any_more(quiet: Linked) -> None:
    learner = save(quiet, number="W000123", sync_to_xero=False)
    contact_id = employer_of(quiet)["contact_id"]
    xero_id = bill(quiet, contact_id, "Course fee", reference="W000123")
    quiet.sweep()
    mentions.look_through(quiet.organisation)
    assert "Does it cover" in said(quiet, learner)

    change(quiet, "set_reference", xero_id, reference="W000199")

    assert "Does it cover" not in said(quiet, learner)
    mentions.look_through(quiet.organisation)
    numbers = NamedNumber.objects.filter(document__xero_id=xero_id)
    assert [each.number for each in numbers] == ["W000199"]


def test_new_learner_and_new_number_find_the_documents_without_a_pass(quiet: Linked) -> None:
    contact_id = employer_of(quiet)["contact_id"]
    bill(quiet, contact_id, "For W000123", reference="W000124")
    quiet.sweep()
    mentions.look_through(quiet.organisation)

    learner = save(quiet, number="W000123", sync_to_xero=False)
    assert "In line 1" in said(quiet, learner)
    learner = save(quiet, learner, number="W000124", sync_to_xero=False)
    assert "In reference" in said(quiet, learner)
    learner = save(quiet, learner, number="W000125", sync_to_xero=False)
    assert "Does it cover" not in said(quiet, learner)


def test_documents_of_a_learners_own_contact_are_left_out_until_it_is_nobodys(
    quiet: Linked,
) -> None:
    learner = save(quiet, number="W000123", sync_to_xero=False)
    contact_id = employer_of(quiet)["contact_id"]
    somebody = builders.make_learner(quiet.portal)
    payer = Contact.objects.get(xero_id=contact_id)
    document_builders.link(somebody, quiet.organisation, payer.xero_id)
    xero_id = bill(quiet, contact_id, "For W000123")
    quiet.sweep()
    mentions.look_through(quiet.organisation)
    assert not NamedNumber.objects.filter(document__xero_id=xero_id).exists()

    ContactLink.objects.filter(learner=somebody).delete()
    mentions.look_through(quiet.organisation)
    assert "Does it cover" not in said(quiet, learner)
    mentions.look_through(quiet.organisation, days=1, minutes=1)

    assert "Does it cover" in said(quiet, learner)


def test_contact_that_may_be_the_learner_is_a_question_and_no_payer(quiet: Linked) -> None:
    """Its invoices name its own number, which is the learner's by mistake."""
    contacts = {one["number"]: one["contact_id"] for one in quiet.books()["contacts"]}
    contact_id = contacts["L000005"]
    bill(quiet, contact_id, "Term 1 of L000005")
    quiet.sweep()
    mentions.look_through(quiet.organisation)
    numbers = Document.objects.filter(contact_xero_id=contact_id).values_list("number", flat=True)
    client = builders.client_of(quiet.manager)

    learner = save(quiet, number="L000005", sync_to_xero=False)

    def shown() -> set[str]:
        return {number for number in numbers if number in said(quiet, learner)}

    assert NamedNumber.objects.filter(number="L000005").exists()
    assert "Is this Imogen Made-Up?" in said(quiet, learner)
    assert shown() == set()
    address = f"/learners/{learner.pk}/xero-contact/{contact_id}/"
    assert client.post(address, {"answer": "no"}).status_code == 302
    assert shown() == set()


def test_contact_with_the_learners_name_is_no_payer(quiet: Linked) -> None:
    made = quiet.world.do(
        "contacts", tenant=quiet.tenant, act="create", name="Made-Up, Imogen", email="i@example.com"
    )
    bill(quiet, made["id"], "Term 1 of W000123")
    quiet.sweep()
    mentions.look_through(quiet.organisation)

    learner = save(quiet, number="W000123", sync_to_xero=False)
    somebody = save(quiet, learner, number="W000123", given_name="Sol", sync_to_xero=False)

    assert "Does it cover Sol Made-Up?" in said(quiet, somebody)
    learner = save(quiet, somebody, number="W000123", sync_to_xero=False)
    assert "Does it cover" not in said(quiet, learner)


def test_what_was_just_stored_waits_until_others_may_have_committed(quiet: Linked) -> None:
    bill(quiet, employer_of(quiet)["contact_id"], "For W000123")
    quiet.sweep()
    stored_at = Document.objects.latest("synced_at").synced_at
    organisation_id = quiet.organisation.pk

    soon = stored_at + mention_pass.SETTLED - timedelta(milliseconds=1)
    assert mention_pass.waiting_organisations(now=soon) == []
    mention_pass.look_through(organisation_id=organisation_id, clock=lambda: soon)
    assert not NamedNumber.objects.filter(number="W000123").exists()

    settled = stored_at + mention_pass.SETTLED
    assert mention_pass.waiting_organisations(now=settled) == [organisation_id]
    mention_pass.look_through(organisation_id=organisation_id, clock=lambda: settled)
    assert NamedNumber.objects.filter(number="W000123").exists()
    assert mention_pass.waiting_organisations(now=settled) == []


class Killed(BaseException):
    """The worker is gone."""


def test_killed_pass_goes_on_with_the_batch_that_was_not_committed(
    quiet: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_billed(quiet, 10)
    monkeypatch.setattr(mention_pass, "BATCH", 3)
    organisation_id, at = quiet.organisation.pk, mentions.later(minutes=2)
    readings = itertools.count(1)

    def clock() -> datetime:
        # Two readings before the first batch, three with each: the second of them before it ends.
        if next(readings) == 2 + 3 * 2 + 2:
            raise Killed
        return at

    with pytest.raises(Killed):
        mention_pass.look_through(organisation_id=organisation_id, clock=clock)

    assert found() == 6
    assert mention_pass.waiting_organisations(now=at) == []
    mention_pass.look_through(organisation_id=organisation_id, clock=lambda: at)
    assert found() == 6
    after = at + leases.LEASE + timedelta(seconds=1)
    assert mention_pass.waiting_organisations(now=after) == [organisation_id]
    mention_pass.look_through(organisation_id=organisation_id, clock=lambda: after)
    assert found() == 10


def test_pass_takes_turns_and_writes_nothing_twice(
    quiet: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_billed(quiet, 3)
    monkeypatch.setattr(mention_pass, "BATCH", 1)
    monkeypatch.setattr(mention_pass, "TURN", timedelta(0))
    organisation_id, at = quiet.organisation.pk, mentions.later(minutes=2)

    def turn() -> timedelta | None:
        return mention_pass.look_through(organisation_id=organisation_id, clock=lambda: at)

    assert [turn() for _ in range(4)] == [timedelta(0)] * 3 + [None]
    before = set(NamedNumber.objects.values_list("pk", "number"))
    mentions.look_through(quiet.organisation, days=2)
    assert set(NamedNumber.objects.values_list("pk", "number")) == before
    assert MentionPass.objects.get().began_at > at + timedelta(days=1)


def test_long_pass_comes_to_its_end_before_it_begins_again(
    quiet: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_billed(quiet, 3)
    monkeypatch.setattr(mention_pass, "BATCH", 1)
    monkeypatch.setattr(mention_pass, "TURN", timedelta(0))
    at = mentions.later(days=3)
    for _ in range(3):
        mention_pass.look_through(organisation_id=quiet.organisation.pk, clock=lambda: at)

    assert found() == 3


def test_beat_wakes_a_worker_for_what_nobody_has_looked_at(
    quiet: Linked, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = mentions.later()
    assert mention_pass.waiting_organisations(now=now) == []
    Document.objects.filter(pk=Document.objects.latest("pk").pk).update(
        synced_at=now - mention_pass.SETTLED
    )

    with django_assert_max_num_queries(1):
        assert mention_pass.waiting_organisations(now=now) == [quiet.organisation.pk]
    tasks.wake_all()
    tasks.look_for_mentions(quiet.organisation.pk)


def test_contact_that_a_person_unlinks_suggests_its_documents_at_once(quiet: Linked) -> None:
    learner = save(quiet, number="W000123", sync_to_xero=False)
    other = save(quiet, number="W000124", given_name="Sol", sync_to_xero=False)
    employer = employer_of(quiet)["contact_id"]
    staff = Staff(quiet)
    staff.link(other, employer)
    bill(quiet, employer, "Course fee", "Term 1 for W000123, Imogen")
    quiet.sweep()
    mentions.look_through(quiet.organisation)
    assert "Does it cover" not in said(quiet, learner)

    staff.unlink(other, employer)

    assert "Does it cover Imogen Made-Up?" in said(quiet, learner)
    assert "Does it cover" not in said(quiet, other)
    staff.link(other, employer)
    assert "Does it cover" not in said(quiet, learner)
    line = ContactLinkChange.objects.latest("id")
    staff.undo(line)
    assert "Does it cover Imogen Made-Up?" in said(quiet, learner)
