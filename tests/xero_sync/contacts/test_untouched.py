"""What the LRM does not own stays as people in Xero keep it, whatever is pushed."""

import itertools
from typing import Any

import pytest

from lrm.models import Learner
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.api import rate_limiter, sessions
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState

_keys = itertools.count()
STREET: dict[str, Any] = {
    "address_line": "1 Creek Road",
    "city": "Dubbo",
    "region": "NSW",
    "postal_code": "2830",
}
PERSONS = [{"FirstName": "Pat", "EmailAddress": "pat@example.com", "IncludeInEmails": True}]
# As somebody in Xero's accounts team completes a contact.
COMPLETED = {
    "AccountNumber": "A-77",
    "TaxNumber": "11 111 111 111",
    "ContactPersons": PERSONS,
    "PaymentTerms": {"Sales": {"Day": 14, "Type": "DAYSAFTERBILLDATE"}},
    "BatchPayments": {
        "BankAccountNumber": "12-3456",
        "BankAccountName": "I Made-Up",
        "Details": "Fees",
    },
    "Phones": [
        {"PhoneType": "DDI", "PhoneNumber": "5550 0001", "PhoneAreaCode": "02"},
        {"PhoneType": "FAX", "PhoneNumber": "5550 0002"},
        {
            "PhoneType": "DEFAULT",
            "PhoneNumber": "5550 0003",
            "PhoneAreaCode": "02",
            "PhoneCountryCode": "61",
        },
    ],
    "Addresses": [
        {"AddressType": "POBOX", "AddressLine1": "PO Box 7", "City": "Orange"},
        {
            "AddressType": "STREET",
            "AddressLine1": "1 Creek Road",
            "AddressLine2": "Unit 5",
            "AddressLine3": "Level 3",
            "AddressLine4": "Rear entrance",
            "AttentionTo": "The bursar",
            "City": "Dubbo",
            "Country": "Australia",
        },
    ],
}


def in_xero(linked: Linked, contact_id: str, **fields: Any) -> None:
    """Change a contact as another client of Xero's does, behind our back."""
    session = sessions.of(linked.connection, lane=rate_limiter.Lane.PEOPLE)
    page = session.upsert_contacts(
        [{"ContactID": contact_id, **fields}], idempotency_key=f"theirs-{next(_keys)}"
    )
    assert not page.elements[0]["HasValidationErrors"], page.elements


@pytest.fixture
def learner(linked: Linked) -> Learner:
    """Return a learner in Xero, whose contact was completed there meanwhile, unheard of here."""
    linked.world.do("webhooks", enabled=False)
    learner = save(linked, mobile="0400 000 001", **STREET)
    linked.push()
    in_xero(linked, contact(linked)["contact_id"], **COMPLETED)
    return learner


def contact(linked: Linked) -> dict[str, Any]:
    (found,) = contacts_numbered(linked, "L900001")
    return found


def phones(linked: Linked) -> dict[str, tuple[str, str, str]]:
    found = contact(linked)["phones"]
    return {one["kind"]: (one["country"], one["area"], one["number"]) for one in found}


def street(linked: Linked) -> dict[str, str]:
    found = {one["kind"]: one for one in contact(linked)["addresses"]}
    return {name: value for name, value in found["STREET"].items() if value and name != "kind"}


def pushed(linked: Linked, learner: Learner, **details: Any) -> None:
    save(linked, learner, **{"mobile": "0400 000 001", **STREET, **details})
    linked.push()
    assert ContactPush.objects.get().state == PushState.DONE


def test_change_of_a_name_leaves_everything_else_alone(linked: Linked, learner: Learner) -> None:
    before = contact(linked)

    pushed(linked, learner, given_name="Isla", mobile="", address_line="", city="")

    after = contact(linked)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "given_name", "updated_utc"}


def test_field_emptied_here_stays_in_xero(linked: Linked, learner: Learner) -> None:
    before = contact(linked)
    emptied = dict.fromkeys((*STREET, "mobile", "email", "phone"), "")

    pushed(linked, learner, **emptied)

    after = contact(linked)
    assert {**after, "updated_utc": before["updated_utc"]} == before


def test_new_address_keeps_the_lines_that_only_xero_has(linked: Linked, learner: Learner) -> None:
    pushed(linked, learner, address_line="9 Hill Street", city="Wellington")

    assert street(linked) == {
        "line1": "9 Hill Street",
        "line2": "Unit 5",
        "city": "Wellington",
        "region": "NSW",
        "postal_code": "2830",
        "country": "Australia",
        "line3": "Level 3",
        "line4": "Rear entrance",
        "attention_to": "The bursar",
    }
    postal = next(one for one in contact(linked)["addresses"] if one["kind"] == "POBOX")
    assert (postal["line1"], postal["city"]) == ("PO Box 7", "Orange")
    assert contact(linked)["persons"] == [
        {
            "first_name": "Pat",
            "last_name": "",
            "email": "pat@example.com",
            "include_in_emails": True,
        }
    ]


def test_phones_of_kinds_that_are_not_ours_and_their_codes_stay(
    linked: Linked, learner: Learner
) -> None:
    before = phones(linked)

    pushed(linked, learner, phone="02 5550 0003")
    assert phones(linked) == before
    pushed(linked, learner, phone="5550 0009", mobile="0400 000 009")

    assert phones(linked) == {
        **before,
        "DEFAULT": ("61", "02", "5550 0009"),
        "MOBILE": ("", "", "0400 000 009"),
    }


def test_contact_found_by_its_number_keeps_what_it_has(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    there = next(
        one
        for one in linked.books()["contacts"]
        if one["number"].startswith("L") and one["status"] == "ACTIVE"
    )
    in_xero(linked, there["contact_id"], **COMPLETED)
    names = {"given_name": there["given_name"], "family_name": there["family_name"]}
    save(linked, number=there["number"], mobile="0400 000 009", city="Wagga Wagga", **names)

    linked.push()

    (after,) = contacts_numbered(linked, there["number"])
    assert after["persons"][0]["first_name"] == "Pat"
    kinds = {one["kind"]: one for one in after["addresses"]}
    assert kinds["STREET"]["line2"] == "Unit 5"
    assert kinds["STREET"]["city"] == "Wagga Wagga"
    assert kinds["POBOX"]["line1"] == "PO Box 7"
    assert {one["kind"]: one["number"] for one in after["phones"]} == {
        "DDI": "5550 0001",
        "FAX": "5550 0002",
        "DEFAULT": "5550 0003",
        "MOBILE": "0400 000 009",
    }


def test_lost_reply_to_a_change_is_sent_again_and_makes_nobody(
    linked: Linked, learner: Learner
) -> None:
    count = len(linked.books()["contacts"])
    linked.world.fail("/api.xro/2.0/Contacts", method="POST", cut="after")
    save(linked, learner, email="new@example.com", mobile="0400 000 001", **STREET)
    linked.push()
    assert ContactPush.objects.get().state == PushState.SENT

    ContactPush.objects.update(not_before=None)
    linked.push()

    assert ContactPush.objects.get().state == PushState.DONE
    assert contact(linked)["email"] == "new@example.com"
    assert street(linked)["line2"] == "Unit 5"
    assert len(linked.books()["contacts"]) == count


def test_lost_reply_to_a_contact_that_steps_aside_ends_with_the_right_numbers(
    linked: Linked,
) -> None:
    one = save(linked, number="L1", given_name="One", email="one@example.com")
    two = save(linked, number="L2", given_name="Two", email="two@example.com")
    linked.push()
    swap = [(one, "L3", "One"), (two, "L1", "Two"), (one, "L2", "One")]
    for learner, number, name in swap:
        email = f"{name.lower()}@example.com"
        save(linked, learner, number=number, given_name=name, email=email)
    linked.world.fail("/api.xro/2.0/Contacts", method="POST", cut="after")

    for _ in range(4):
        linked.push()
        ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)

    assert {push.state for push in ContactPush.objects.all()} == {PushState.DONE}
    names = {n: [c["given_name"] for c in contacts_numbered(linked, n)] for n in ("L1", "L2")}
    assert names == {"L1": ["Two"], "L2": ["One"]}


def test_save_of_what_xero_is_not_told_sends_nothing(linked: Linked, learner: Learner) -> None:
    before = linked.world.calls("/contacts")

    pushed(linked, learner, email=" imogen@example.com ")
    save(linked, learner, mobile="0400 000 001", **STREET, sync_to_xero=False)
    pushed(linked, learner)

    assert linked.world.calls("/contacts") == before
