"""Creating and updating contacts: the upsert's traps, batches and idempotency keys."""

from typing import Any

import pytest

from tests.support import simulator_client, simulator_process
from tests.support.simulator_process import Person

NO_ID = "00000000-0000-0000-0000-000000000000"


def contacts(person: Person) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = simulator_process.control(person.url, "books")["contacts"]
    return rows


def active(person: Person, at: int = 0) -> dict[str, Any]:
    return [each for each in contacts(person) if each["status"] == "ACTIVE" and each["number"]][at]


def archived(person: Person) -> dict[str, Any]:
    return next(each for each in contacts(person) if each["status"] == "ARCHIVED")


def messages(answer: Any) -> list[str]:
    return [
        each["Message"]
        for element in answer.json()["Elements"]
        for each in element["ValidationErrors"]
    ]


def written(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (contact,) = answer.json()["Contacts"]
    return dict(contact)


def test_contact_is_created_with_all_it_was_sent(person: Person) -> None:
    sent = {
        "Name": "Māia O'Connor-Ray",
        "ContactNumber": "L900001",
        "FirstName": "Māia",
        "LastName": "O'Connor-Ray",
        "EmailAddress": "maia@example.com",
        "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "5550 1234", "PhoneAreaCode": "04"}],
        "Addresses": [{"AddressType": "POBOX", "AddressLine1": "1 Wattle St", "City": "Cairns"}],
    }

    created = written(person.send("POST", "Contacts", {"Contacts": [sent]}))

    shown = person.get(f"Contacts/{created['ContactID']}").json()["Contacts"][0]
    for name in ("Name", "ContactNumber", "FirstName", "LastName", "EmailAddress"):
        assert shown[name] == sent[name]
    mobile = next(each for each in shown["Phones"] if each["PhoneType"] == "MOBILE")
    assert (mobile["PhoneNumber"], mobile["PhoneAreaCode"]) == ("5550 1234", "04")
    postal = next(each for each in shown["Addresses"] if each["AddressType"] == "POBOX")
    assert (postal["AddressLine1"], postal["City"]) == ("1 Wattle St", "Cairns")
    assert shown["ContactStatus"] == "ACTIVE"


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_single_contact_is_taken_without_an_envelope(person: Person, method: str) -> None:
    assert written(person.send(method, "Contacts", {"Name": "Bare"}))["Name"] == "Bare"


def test_put_is_refused_when_name_or_number_is_taken(person: Person) -> None:
    taken = active(person)

    by_name = person.send("PUT", "Contacts", {"Name": taken["name"].upper()})
    by_number = person.send("PUT", "Contacts", {"Name": "New", "ContactNumber": taken["number"]})

    assert by_name.status_code == by_number.status_code == 400
    assert by_name.json()["ErrorNumber"] == 10
    assert by_name.json()["Type"] == "ValidationException"
    assert by_name.json()["Elements"][0]["ContactID"] == NO_ID
    assert messages(by_name) == [
        f"The contact name {taken['name'].upper()} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    ]
    assert len(messages(by_number)) == 1


def test_post_overwrites_silently_when_the_name_is_known(person: Person) -> None:
    known = active(person)

    body = {"Name": known["name"], "ContactNumber": "TAKEN-OVER", "EmailAddress": "new@example.com"}
    answer = written(person.send("POST", "Contacts", body))

    assert answer["ContactID"] == known["contact_id"]
    after = next(c for c in contacts(person) if c["contact_id"] == known["contact_id"])
    assert (after["number"], after["email"]) == ("TAKEN-OVER", "new@example.com")
    assert after["given_name"] == known["given_name"]
    assert after["updated_utc"] > known["updated_utc"]


def test_post_finds_by_id_then_by_number(person: Person) -> None:
    one, other = active(person), active(person, 1)

    by_number = {"ContactNumber": one["number"], "Name": "Renamed One"}
    by_id = {"ContactID": other["contact_id"], "Name": "Renamed Other"}
    answer = person.send("POST", "Contacts", {"Contacts": [by_number, by_id]})
    at_address = person.send("POST", f"Contacts/{one['contact_id']}", {"FirstName": "Uno"})

    assert [each["ContactID"] for each in answer.json()["Contacts"]] == [
        one["contact_id"],
        other["contact_id"],
    ]
    assert written(at_address)["FirstName"] == "Uno"
    assert written(at_address)["Name"] == "Renamed One"


def test_archived_contact_keeps_its_number_and_cannot_be_written(person: Person) -> None:
    old = archived(person)

    for body in (
        {"Name": "Somebody New", "ContactNumber": old["number"]},
        {"ContactID": old["contact_id"], "Name": "Somebody New"},
        {"ContactID": old["contact_id"], "ContactStatus": "ACTIVE"},
    ):
        assert person.send("POST", "Contacts", body).status_code == 400
    put = {"Name": "Somebody New", "ContactNumber": old["number"]}
    assert person.send("PUT", "Contacts", put).status_code == 400


def test_contact_of_somebody_who_asked_to_be_forgotten_cannot_be_written(person: Person) -> None:
    known = active(person)
    simulator_client.post(
        person.url, "contacts", act="erase", id=known["contact_id"], name="Deleted contact"
    )

    body = {"ContactID": known["contact_id"], "Name": "Somebody New"}
    assert person.send("POST", "Contacts", body).status_code == 400
    shown = person.get(f"Contacts/{known['contact_id']}").json()["Contacts"][0]
    assert (shown["ContactStatus"], shown["EmailAddress"]) == ("GDPRREQUEST", "")
    assert known["contact_id"] not in [
        each["ContactID"] for each in person.get("Contacts", page=1).json()["Contacts"]
    ]


def test_name_of_an_archived_contact_is_free(person: Person) -> None:
    old = archived(person)

    created = written(person.send("POST", "Contacts", {"Name": old["name"]}))

    assert created["ContactID"] != old["contact_id"]


def test_contact_is_archived_by_its_status(person: Person) -> None:
    known = active(person)
    body = {"ContactID": known["contact_id"], "ContactStatus": "ARCHIVED"}

    assert written(person.send("POST", "Contacts", body))["ContactStatus"] == "ARCHIVED"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"EmailAddress": "a@example.com"},
        {"Name": ""},
        {"Name": " Leading"},
        {"Name": "Two  Spaces"},
        {"Name": "<b>Bold</b>"},
        {"Name": "x" * 256},
        {"Name": "Fine", "ContactNumber": "x" * 51},
        # An emoji counts as two.
        {"Name": "Fine", "ContactNumber": "\N{GRADUATION CAP}" * 26},
        {"Name": "Fine", "FirstName": "x" * 256},
        {"Name": "Fine", "LastName": "x" * 256},
        {"Name": "Fine", "EmailAddress": f"{'x' * 244}@example.com"},
        {"Name": "Fine", "AccountNumber": "x" * 51},
        {"Name": "Fine", "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "0" * 51}]},
        {"Name": "Fine", "Phones": [{"PhoneType": "MOBILE", "PhoneAreaCode": "0" * 11}]},
        {"Name": "Fine", "Addresses": [{"AddressType": "STREET", "AddressLine1": "x" * 501}]},
        {"Name": "Fine", "Addresses": [{"AddressType": "STREET", "City": "x" * 256}]},
        {"Name": "Fine", "Addresses": [{"AddressType": "STREET", "PostalCode": "x" * 51}]},
        {"Name": "Fine", "ContactPersons": [{"FirstName": "x" * 256}]},
        {"Name": "Fine", "EmailAddress": "not an address"},
        {"Name": "Fine", "ContactStatus": "ASLEEP"},
        {"ContactNumber": "NEW-NUMBER-WITHOUT-NAME"},
        {"ContactID": "11111111-2222-4333-8444-555555555555", "Name": "Fine"},
    ],
)
def test_contact_is_refused_when_it_breaks_a_rule(person: Person, body: dict[str, str]) -> None:
    before = contacts(person)

    answer = person.send("POST", "Contacts", body)

    assert answer.status_code == 400
    assert messages(answer)
    assert answer.json()["Elements"][0]["HasValidationErrors"] is True
    assert contacts(person) == before


def test_body_is_refused_when_it_cannot_be_read(person: Person) -> None:
    for body in ("a string", [1, 2], {"Contacts": "none"}):
        answer = person.send("POST", "Contacts", body)

        assert answer.status_code == 400
        assert answer.json()["ErrorNumber"] == 17
        assert answer.json()["Type"] == "PostDataInvalidException"


def test_persons_are_replaced_as_a_whole(person: Person) -> None:
    name = "Employer With People"
    two = [{"FirstName": "Ana", "IncludeInEmails": True}, {"FirstName": "Ben"}]
    person.send("POST", "Contacts", {"Name": name, "ContactPersons": two})

    unchanged = written(person.send("POST", "Contacts", {"Name": name, "TaxNumber": "1"}))
    replaced = written(person.send("POST", "Contacts", {"Name": name, "ContactPersons": two[1:]}))

    assert [each["FirstName"] for each in unchanged["ContactPersons"]] == ["Ana", "Ben"]
    assert [each["FirstName"] for each in replaced["ContactPersons"]] == ["Ben"]


def test_nothing_is_saved_when_one_of_a_batch_is_bad(person: Person) -> None:
    before = contacts(person)
    body = {"Contacts": [{"Name": "Good One"}, {"Name": ""}, {"Name": "Good Two"}]}

    answer = person.send("POST", "Contacts", body)

    assert answer.status_code == 400
    assert len(answer.json()["Elements"]) == 1
    assert contacts(person) == before


def test_each_has_its_verdict_when_errors_are_not_summarised(person: Person) -> None:
    body = {"Contacts": [{"Name": "Good One"}, {"Name": " bad"}, {"Name": "Good Two"}]}

    answer = person.send("POST", "Contacts", body, params={"summarizeErrors": "False"})

    assert answer.status_code == 200
    elements = answer.json()["Contacts"]
    assert [each["StatusAttributeString"] for each in elements] == ["OK", "ERROR", "OK"]
    assert [each["HasValidationErrors"] for each in elements] == [False, True, False]
    assert elements[1]["ContactID"] == NO_ID
    assert elements[1]["ValidationErrors"][0]["Message"]
    names = {each["name"] for each in contacts(person)}
    assert {"Good One", "Good Two"} <= names


def test_same_key_and_request_are_answered_again_for_six_minutes(person: Person) -> None:
    key = {"Idempotency-Key": "k1"}
    body = {"Name": "Once Only"}

    first = person.send("PUT", "Contacts", body, headers=key)
    second = person.send("PUT", "Contacts", body, headers=key)
    simulator_process.control(person.url, "clock", {"advance_seconds": 361})
    third = person.send("PUT", "Contacts", body, headers=key)

    assert (first.status_code, first.content) == (200, second.content)
    assert third.status_code == 400


def test_errors_are_kept_with_the_key_too(person: Person) -> None:
    script = {"match": {"path": "Contacts", "method": "POST"}, "answer": {"status": 500}}
    simulator_process.control(person.url, "faults", script)
    body = {"Name": "After An Error"}

    first = person.send("POST", "Contacts", body, headers={"Idempotency-Key": "k2"})
    again = person.send("POST", "Contacts", body, headers={"Idempotency-Key": "k2"})
    with_another_key = person.send("POST", "Contacts", body, headers={"idempotency-key": "k3"})

    assert [first.status_code, again.status_code, with_another_key.status_code] == [500, 500, 200]


def test_key_is_refused_with_another_request_or_when_too_long(person: Person) -> None:
    person.send("POST", "Contacts", {"Name": "First"}, headers={"Idempotency-Key": "k4"})

    other = person.send("POST", "Contacts", {"Name": "Second"}, headers={"Idempotency-Key": "k4"})
    too_long = person.send(
        "POST", "Contacts", {"Name": "Third"}, headers={"Idempotency-Key": "k" * 129}
    )

    assert other.status_code == too_long.status_code == 400
    assert "is used with a different request" in messages(other)[0]


def test_lost_reply_is_given_again_with_the_same_key(person: Person) -> None:
    script = {"match": {"path": "Contacts", "method": "PUT"}, "answer": {"cut": "after"}}
    simulator_process.control(person.url, "faults", script)
    key = {"Idempotency-Key": "k5"}
    with pytest.raises(OSError):  # noqa: PT011 - requests' errors are OSErrors; any will do.
        person.send("PUT", "Contacts", {"Name": "Lost Once"}, headers=key)

    again = written(person.send("PUT", "Contacts", {"Name": "Lost Once"}, headers=key))

    named = [each for each in contacts(person) if each["name"] == "Lost Once"]
    assert [each["contact_id"] for each in named] == [again["ContactID"]]


def refused_parts(person: Person) -> dict[str, Any]:
    """Return the echo of a contact of which a phone and two addresses are wrong, and its name."""
    sent = {
        "Name": "Māia < Ray",
        "Addresses": [
            {"AddressType": "STREET", "Country": "New Zealand"},
            {"AddressType": "POBOX", "Country": "Timor-Leste", "PostalCode": "7" * 51},
        ],
        "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "1" * 51}],
    }
    answer = person.send("PUT", "Contacts?summarizeErrors=false", {"Contacts": [sent]})
    (echo,) = answer.json()["Contacts"]
    assert (echo["ContactID"], echo["HasValidationErrors"]) == (NO_ID, True)
    assert echo["StatusAttributeString"] == "ERROR"
    return dict(echo)


NAME_FAULT = {"Message": "The contact name must not contain angle brackets."}
PART_FAULTS = [
    {"Message": "PhoneNumber must not be longer than 50 characters."},
    {"Message": "PostalCode must not be longer than 50 characters."},
    {"Message": "Country must contain letters only."},
]


def test_faults_of_parts_stand_at_the_contact(person: Person) -> None:
    echo = refused_parts(person)

    assert echo["ValidationErrors"] == [NAME_FAULT, *PART_FAULTS]
    assert "ValidationErrors" not in echo["Phones"][0]


def test_faults_of_parts_stand_in_them_where_told_so(person: Person) -> None:
    simulator_client.post(person.url, "habits", faults_stand_in_parts=True)

    echo = refused_parts(person)

    assert echo["ValidationErrors"] == [NAME_FAULT]
    assert [one["ValidationErrors"] for one in echo["Phones"]] == [PART_FAULTS[:1]]
    assert [one["ValidationErrors"] for one in echo["Addresses"]] == [[], PART_FAULTS[1:]]
