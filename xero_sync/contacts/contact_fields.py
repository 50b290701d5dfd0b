"""A learner as Xero's Contact: only the fields that the LRM owns.

A field left blank here is not sent, so nothing that somebody keeps in Xero is emptied; contact
persons are never sent, since those that are left out of a request are deleted. Names follow
Xero's rules: no angle brackets, no space at the ends or doubled, at most 255 characters as Xero
counts them, unique among active contacts. A country goes in plain letters, see `country_of`.
"""

import re
import unicodedata
from typing import Any

from lrm.models import Learner
from lrm.roster import learner_fields

LONGEST_NAME = 255
_LONGEST_COUNTRY = 50
# Letters whose stroke or second half no decomposition takes away.
_PLAIN = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D"}
    | {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
)


def contact_of(learner: Learner, *, unique_name: bool = False) -> dict[str, Any]:
    """Return the contact in Xero's own JSON.

    :param unique_name: add the learner number to the name, where the plain one is taken.
    """
    contact: dict[str, Any] = {
        "Name": _name(learner, unique=unique_name),
        "ContactNumber": learner.number,
        "FirstName": _clean(learner.given_name),
        "LastName": _clean(learner.family_name),
        "EmailAddress": learner.email,
    }
    contact = {name: value for name, value in contact.items() if value}
    if phones := _phones(learner):
        contact["Phones"] = phones
    if address := _address(learner):
        contact["Addresses"] = [address]
    return contact


def _clean(text: str) -> str:
    return " ".join(text.replace("<", "").replace(">", "").split())


def name_of(*, full_name: str, suffix: str = "") -> str:
    """Return a learner's name as Xero takes it."""
    name = _clean(full_name)
    while learner_fields.length_of(name + suffix) > LONGEST_NAME:
        name = name[:-1].strip()
    return name + suffix


def country_of(text: str) -> str:
    """Return a country as Xero takes it, or blank where nothing of it is left.

    The specification says "max length = 50, [A-Z], [a-z] only" of an address's Country. Whether
    that is enforced is not known, so no more than that is sent, but for the space, without which
    there were no New Zealand. People here go on typing theirs as it is written.
    """
    letters = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    plain = "".join(one for one in letters if not unicodedata.combining(one))
    words = re.sub("[^A-Za-z]+", " ", plain).strip()
    return words[:_LONGEST_COUNTRY].strip()


def _name(learner: Learner, *, unique: bool) -> str:
    suffix = f" ({learner.number})" if unique else ""
    return name_of(full_name=learner.full_name, suffix=suffix)


def _phones(learner: Learner) -> list[dict[str, str]]:
    numbers = {"DEFAULT": learner.phone, "MOBILE": learner.mobile}
    return [
        {"PhoneType": kind, "PhoneNumber": number} for kind, number in numbers.items() if number
    ]


def _address(learner: Learner) -> dict[str, str] | None:
    parts = {
        "AddressLine1": learner.address_line,
        "City": learner.city,
        "Region": learner.region,
        "PostalCode": learner.postal_code,
    }
    filled = {name: value for name, value in parts.items() if value}
    if not filled:
        return None
    country = country_of(learner.country)
    return {"AddressType": "STREET", **filled} | ({"Country": country} if country else {})
