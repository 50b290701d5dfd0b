"""A learner's phones and address over those that Xero has: nothing there is emptied."""

from typing import Any

import pytest

from xero_sync.contacts import contact_overlay


def phone(number: str, area: str = "", country: str = "", kind: str = "MOBILE") -> dict[str, str]:
    return {
        "PhoneType": kind,
        "PhoneNumber": number,
        "PhoneAreaCode": area,
        "PhoneCountryCode": country,
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "sent"),
    [
        # The same number, however Xero keeps it apart.
        ("0400 000 001", phone("0400 000 001"), None),
        ("0400 000 001", phone("(0400) 000-001"), None),
        ("0400 000 001", phone("000 001", "0400"), None),
        ("0400 000 001", phone("400 000 001", "", "61"), None),
        ("+61 400 000 001", phone("000 001", "0400", "61"), None),
        ("+61 400 000 001", phone("000 001", "400", "61"), None),
        ("9999 0001", phone("9999 0001"), None),
        # Another one, whole: what belonged to the old one goes with it.
        ("0400 000 002", phone("0400 000 001"), phone("0400 000 002")),
        ("0400 000 002", phone("9999 0001", "02", "61"), phone("0400 000 002", "", "61")),
        ("+64 21 000 002", phone("9999 0001", "02", "61"), phone("+64 21 000 002")),
        # Given with the country's code, or with an area code that begins with no zero.
        ("61 04 5550 0003", phone("5550 1003", "02", "61"), phone("61 04 5550 0003")),
        ("61 2 6123 4567", phone("6123 4567", "02", "61"), None),
        ("0011 64 21 000 002", phone("9999 0001", "02", "61"), phone("0011 64 21 000 002")),
        ("604 408 0915", phone("408-0914", "604", "1"), phone("604 408 0915", "", "1")),
        ("1 604 408 0915", phone("408-0914", "604", "1"), phone("1 604 408 0915")),
        # Another one in the same area, also one that begins as the country's code does.
        ("408 0915", phone("408-0914", "604", "1"), phone("408 0915", "604", "1")),
        ("6123 4567", phone("6123 0000", "02", "61"), phone("6123 4567", "02", "61")),
        ("123 4567", phone("123 456", "021", "64"), phone("123 4567", "021", "64")),
        ("9999 0002", phone("9999 0001", "02", "61"), phone("9999 0002", "02", "61")),
        ("0400 000 002", phone("", "", ""), phone("0400 000 002")),
    ],
)
def test_phone_is_sent_whole_or_not_at_all(
    ours: str, theirs: dict[str, str], sent: dict[str, str] | None
) -> None:
    contact = {"Phones": [{"PhoneType": "MOBILE", "PhoneNumber": ours}]}
    there = {"Phones": [phone("1", kind="FAX"), theirs]}

    found = contact_overlay.over(contact, there)

    assert found == ({} if sent is None else {"Phones": [sent]})
    assert contact_overlay.is_laid_over(contact, there) is (sent is not None)


THEIRS = {
    "AddressType": "STREET",
    "AddressLine1": "1 Old Road",
    "AddressLine2": "Unit 5",
    "City": "Dubbo",
    "Region": "",
    "AttentionTo": "Pat",
    "Country": "Australia",
}


@pytest.mark.parametrize(
    ("ours", "changed"),
    [
        ({"AddressLine1": "1 Old Road"}, None),
        ({"City": "Dubbo", "Country": "Australia"}, None),
        ({"City": "Orange"}, {"City": "Orange"}),
        ({"Region": "NSW"}, {"Region": "NSW"}),
        ({"AddressLine1": "2 Hill", "City": "Dub"}, {"AddressLine1": "2 Hill", "City": "Dub"}),
    ],
)
def test_address_keeps_what_only_xero_has(
    ours: dict[str, str], changed: dict[str, str] | None
) -> None:
    contact = {"Addresses": [{"AddressType": "STREET", **ours}]}
    there = {"Addresses": [{"AddressType": "POBOX", "City": "Perth"}, THEIRS]}

    found = contact_overlay.over(contact, there)

    whole = {name: value for name, value in THEIRS.items() if value}
    assert found == ({} if changed is None else {"Addresses": [{**whole, **changed}]})


@pytest.mark.parametrize(
    ("ours", "sent"),
    [
        ({"City": "Abidjan", "Country": "Cote d Ivoire"}, None),
        ({"City": "Abidjan"}, None),
        ({"City": "Man"}, {"City": "Man", "Country": "Cote d Ivoire"}),
        ({"Country": "Australia"}, {"City": "Abidjan", "Country": "Australia"}),
    ],
)
def test_country_of_xeros_own_signs_stays_until_the_address_is_sent(
    ours: dict[str, str], sent: dict[str, str] | None
) -> None:
    street = {"AddressType": "STREET"}
    there = {"Addresses": [{**street, "City": "Abidjan", "Country": "Côte d'Ivoire"}]}

    found = contact_overlay.over({"Addresses": [{**street, **ours}]}, there)

    assert found == ({} if sent is None else {"Addresses": [{**street, **sent}]})


@pytest.mark.parametrize("there", [{}, {"Phones": [], "Addresses": []}, {"Phones": None}])
def test_contact_that_has_none_gets_them(there: dict[str, Any]) -> None:
    contact = {
        "Name": "Imogen",
        "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "0400 000 001"}],
        "Addresses": [{"AddressType": "STREET", "City": "Dubbo"}],
    }

    found = contact_overlay.over(contact, there)

    assert found == {**contact, "Phones": [phone("0400 000 001")]}
    assert contact["Phones"] == [{"PhoneType": "MOBILE", "PhoneNumber": "0400 000 001"}]
