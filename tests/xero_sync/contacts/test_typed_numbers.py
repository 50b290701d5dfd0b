"""Numbers that people type, right and wrong: who sees whose invoices, and who writes over whom."""

from tests.support.learners import contacts_numbered
from tests.support.linked import clock
from tests.support.staff import Staff, contact_of, somebodys
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush


def test_typed_number_of_somebody_else_shows_nobodys_invoices(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)

    learner = staff.save(ticked=False, number=theirs["number"])

    assert invoice not in staff.invoices(learner)
    assert staff.shown(learner) == set()
    said = staff.invoices(learner)
    assert "Is this Imogen Made-Up?" in said
    assert theirs["name"] in said


def test_invoices_go_when_the_number_is_corrected(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=False, number=theirs["number"], **names)
    assert invoice in staff.invoices(learner)

    learner = staff.save(learner, ticked=False, number="L900001", **names)

    assert staff.shown(learner) == set()


def test_corrected_learner_gets_a_contact_of_its_own(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)
    learner = staff.save(ticked=False, number=theirs["number"])
    staff.save(learner, ticked=False)

    staff.save(learner, ticked=True)
    staff.push()

    assert contact_of(staff.linked, theirs["contact_id"]) == theirs
    assert [one["name"] for one in contacts_numbered(staff.linked, "L900001")] == ["Imogen Made-Up"]


def test_ticked_learner_with_a_strangers_number_writes_over_nobody(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)

    learner = staff.save(ticked=True, number=theirs["number"])
    staff.push()

    assert contact_of(staff.linked, theirs["contact_id"]) == theirs
    assert ContactPush.objects.get(learner=learner).state == "QUESTION"


def test_learner_unticked_before_it_went_forgets_whom_it_would_have_written(staff: Staff) -> None:
    """The number and name were of a namesake, and so was the contact."""
    theirs, _ = somebodys(staff.linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=True, number=theirs["number"], **names)

    staff.save(learner, ticked=False, **names)
    staff.save(learner, ticked=True, **names)
    staff.push()

    assert contact_of(staff.linked, theirs["contact_id"]) == theirs


def test_no_to_an_equal_number_says_what_to_do(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)
    learner = staff.save(ticked=True, number=theirs["number"])
    staff.push()

    staff.answer(learner, theirs["contact_id"], "no")
    staff.push()

    said = staff.invoices(learner)
    assert f"the number {theirs['number']} is taken by somebody else" in said
    assert "Give this learner another number." in said
    assert contact_of(staff.linked, theirs["contact_id"]) == theirs


def test_answer_that_was_a_mistake_can_be_changed(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)
    learner = staff.save(ticked=True, number=theirs["number"])
    staff.push()
    staff.answer(learner, theirs["contact_id"], "no")
    staff.push()

    staff.answer(learner, theirs["contact_id"], "yes")
    staff.push()

    assert invoice in staff.invoices(learner)
    assert contact_of(staff.linked, theirs["contact_id"])["name"] == "Imogen Made-Up"


def test_unanswered_learners_keep_no_other_back(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)
    staff.save(ticked=True, number=theirs["number"])

    staff.save(ticked=True, number="L900002", given_name="Ben", email="ben@example.com")
    staff.push()

    assert len(contacts_numbered(staff.linked, "L900002")) == 1
    assert push_queue.waiting_portals(now=clock()) == []
