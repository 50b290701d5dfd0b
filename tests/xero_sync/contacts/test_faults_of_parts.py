"""A refusal is seen wherever Xero writes it: at the contact, in a part of it, or by one sign."""

import json
from typing import Any

import pytest

from invoices.models import Contact, ContactLink
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.models import ContactPush, PushState, QuarantinedDocument

NIL = "00000000-0000-0000-0000-000000000000"
# Thirty characters here and sixty to Xero, whose phones have fifty. The form takes none.
LONG = "\N{GRADUATION CAP}" * 30
TOO_LONG = "PhoneNumber must not be longer than 50 characters."


@pytest.fixture(autouse=True)
def in_parts(linked: Linked) -> None:
    linked.world.do("habits", faults_stand_in_parts=True)


def answered(linked: Linked, method: str, **told: Any) -> None:
    """Let Xero answer the next write with one contact, of which it says so much."""
    contact = {"ContactNumber": "L900001", "Name": "Imogen Made-Up", **told}
    body = json.dumps({"Contacts": [contact]})
    json_type = {"Content-Type": "application/json"}
    linked.world.fail(
        "/api.xro/2.0/Contacts", method=method, status=200, headers=json_type, body=body
    )


def nobodys() -> int:
    """Return how much is stored of the contact that is nobody's."""
    links = ContactLink.objects.filter(contact_xero_id=NIL).count()
    contacts = Contact.objects.filter(xero_id=NIL).count()
    return links + contacts + QuarantinedDocument.objects.count()


def test_learners_of_whom_xero_refuses_a_phone_are_tied_to_no_contact(linked: Linked) -> None:
    learner = save(linked, phone=LONG)
    other = save(linked, number="L900002", given_name="Wren", email="wren@example.com", phone=LONG)
    good = save(linked, number="L900003", given_name="Ravi", email="ravi@example.com")

    linked.push()

    pushes = ContactPush.objects.filter(learner__in=[learner, other])
    assert [(one.state, one.problem) for one in pushes] == [(PushState.REFUSED, TOO_LONG)] * 2
    assert ContactPush.objects.get(learner=good).state == PushState.DONE
    assert nobodys() == 0
    save(linked, learner, phone=LONG, email="new@example.com")
    linked.push()
    assert linked.world.calls("/contacts", "POST") == 0
    save(linked, learner, email="new@example.com")
    linked.push()
    assert ContactPush.objects.get(learner=learner).state == PushState.DONE
    assert len(contacts_numbered(linked, "L900001")) == 1


def test_change_of_which_xero_refuses_a_phone_is_refused_with_its_words(linked: Linked) -> None:
    learner = save(linked)
    linked.push()
    before = contacts_numbered(linked, "L900001")

    save(linked, learner, phone=LONG, email="new@example.com")
    linked.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.REFUSED, TOO_LONG)
    assert contacts_numbered(linked, "L900001") == before
    assert nobodys() == 0
    assert str(ContactLink.objects.get().contact_xero_id) == before[0]["contact_id"]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"ContactID": NIL}, "Xero did not say why"),
        ({"ContactID": ""}, "Xero did not say why"),
        ({}, "Xero did not say why"),
        ({"ContactID": NIL, "HasValidationErrors": True}, "Xero did not say why"),
        ({"ContactID": NIL[:-1] + "7", "HasValidationErrors": True}, "Xero did not say why"),
        ({"ContactID": NIL[:-1] + "7", "StatusAttributeString": "ERROR"}, "Xero did not say why"),
        ({"ContactID": NIL[:-1] + "7", "ValidationErrors": [{}]}, "Xero did not say why"),
        (
            {
                "ContactID": NIL,
                "ValidationErrors": [{"Message": "Of the contact."}],
                "PaymentTerms": {"Bills": {"ValidationErrors": [{"Message": "Of its terms."}]}},
                "Phones": [
                    {"ValidationErrors": [{"Description": "Of a phone."}]},
                    {"ValidationErrors": [{"Message": "Of the contact."}]},
                ],
            },
            "Of the contact. Of its terms. Of a phone.",
        ),
    ],
)
def test_one_sign_of_a_refusal_is_enough(
    linked: Linked, told: dict[str, Any], problem: str
) -> None:
    answered(linked, "PUT", **told)
    save(linked)

    linked.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.REFUSED, problem)
    assert not ContactLink.objects.exists()
    assert not Contact.objects.filter(contact_number="L900001").exists()


def test_contact_that_was_made_although_its_answer_has_no_id_is_found(linked: Linked) -> None:
    save(linked)
    linked.world.do(
        "contacts",
        tenant=linked.tenant,
        act="create",
        name="Imogen Made-Up",
        number="L900001",
        email="imogen@example.com",
    )
    answered(linked, "PUT")

    linked.push()

    assert ContactPush.objects.get().state == PushState.DONE
    (contact,) = contacts_numbered(linked, "L900001")
    assert str(ContactLink.objects.get().contact_xero_id) == contact["contact_id"]


@pytest.mark.parametrize("echo", [NIL, None])
def test_refused_change_that_is_echoed_without_its_id_keeps_its_words(
    linked: Linked, echo: str | None
) -> None:
    learner = save(linked)
    linked.push()
    answered(linked, "POST", ContactID=echo, ValidationErrors=[{"Message": "Not today."}])

    save(linked, learner, email="new@example.com")
    linked.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.REFUSED, "Not today.")


def test_change_is_not_done_where_xero_names_another_contact_of_the_number(linked: Linked) -> None:
    learner = save(linked)
    linked.push()
    (contact,) = contacts_numbered(linked, "L900001")
    answered(linked, "POST", ContactID=NIL[:-1] + "7")

    save(linked, learner, email="new@example.com")
    linked.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.REFUSED, "Xero's answer did not name it")
    assert str(ContactLink.objects.get().contact_xero_id) == contact["contact_id"]


def test_step_aside_that_is_refused_by_a_flag_alone_moves_nobody(linked: Linked) -> None:
    """Two learners have swapped their numbers, so one contact makes way for a moment."""
    first = save(linked, number="L900001")
    second = save(linked, number="L900002", given_name="Wren", email="wren@example.com")
    linked.push()
    save(linked, first, number="L900009")
    save(linked, second, number="L900001", given_name="Wren", email="wren@example.com")
    save(linked, first, number="L900002")
    answered(linked, "POST", ContactID=NIL, HasValidationErrors=True)

    linked.push()

    problem = ContactPush.objects.get(learner=first).problem
    assert problem == "Xero did not say why"
    assert [len(contacts_numbered(linked, one)) for one in ("L900001", "L900002")] == [1, 1]
    assert nobodys() == 0


def test_contact_with_warnings_is_taken(linked: Linked) -> None:
    save(linked)
    made = linked.world.do("contacts", tenant=linked.tenant, act="create", name="Imogen Made-Up")
    answered(
        linked,
        "PUT",
        ContactID=made["id"],
        StatusAttributeString="WARNING",
        HasValidationErrors=False,
        ValidationErrors=[],
        Warnings=[{"Message": "Odd, but fine."}],
        Addresses=[{"AddressType": "STREET", "ValidationErrors": []}],
    )

    linked.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.DONE, "")
    assert str(ContactLink.objects.get().contact_xero_id) == made["id"]
