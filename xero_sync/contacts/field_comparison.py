"""Whether a contact in Xero has what the LRM has of a learner: the proof of a push.

Only the fields that the LRM owns are compared, and of these only what is filled in here: a blank is
never sent, so Xero may have something there. Spaces and the case of e-mail addresses do not count,
nor does how Xero keeps a phone apart: in the country's code, the area's and the number. It is asked
what one would dial, and not by the code that decides what is sent. Nor do signs in the name of a
country that we cannot send.
"""

import re
from typing import Any

from lrm.models import Learner
from xero_sync.contacts.contact_fields import contact_of, country_of

# What people call the members of a contact.
_LABELS = {
    "Name": "name",
    "ContactNumber": "number",
    "FirstName": "given name",
    "LastName": "family name",
    "EmailAddress": "e-mail",
    "Phones": "phone",
    "Addresses": "address",
}
# The member that tells the elements of a list apart.
_KEYS = {"Phones": "PhoneType", "Addresses": "AddressType"}
_PARTS_OF_PHONE = ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber")
# Digits of a number without its area code, which is in a part of its own then.
_LONGEST_LOCAL = 8


def differing(learner: Learner, contact: dict[str, Any]) -> list[str]:
    """Return what is not in the contact as it is here, in people's words.

    :param contact: in Xero's own JSON.
    """
    # A name that had to be made unique stays so.
    either = {contact_of(learner, unique_name=unique).get("Name", "") for unique in (False, True)}
    ours = contact_of(learner)
    found = []
    for member, value in ours.items():
        theirs = contact.get(member)
        if member == "Name":
            agrees = _text(theirs) in {_text(one) for one in either}
        elif member in _KEYS:
            agrees = _has_all(theirs, value, key=_KEYS[member])
        else:
            agrees = _agrees(member, theirs, value)
        if not agrees:
            found.append(_LABELS.get(member, member))
    return found


def _has_all(theirs: Any, ours: list[dict[str, Any]], *, key: str) -> bool:
    """Return whether each of our elements is among theirs, with all that we fill in."""
    elements = [one for one in theirs if isinstance(one, dict)] if isinstance(theirs, list) else []
    by_key = {one.get(key): one for one in elements}
    return all(
        _is_dialled(by_key.get(one[key], {}), value)
        if member == "PhoneNumber"
        else _agrees(member, by_key.get(one[key], {}).get(member), value)
        for one in ours
        for member, value in one.items()
    )


def _is_dialled(theirs: dict[str, Any], ours: str) -> bool:
    """Return whether a phone in Xero's three parts is the number that is typed here."""
    country, area, number = (_digits(theirs.get(one)) for one in _PARTS_OF_PHONE)
    typed = _digits(ours)
    if not typed:
        return _agrees("PhoneNumber", theirs.get("PhoneNumber"), ours)
    if typed == number and (not area or len(number) <= _LONGEST_LOCAL):
        return True
    whole, bare = f"{area}{number}".lstrip("0"), typed.lstrip("0")
    return whole in (bare, bare.removeprefix(country).lstrip("0"))


def _agrees(member: str, theirs: Any, ours: Any) -> bool:
    if member == "EmailAddress":
        return _text(theirs).casefold() == _text(ours).casefold()
    if member == "Country":
        return country_of(_text(theirs)) == _text(ours)
    return _text(theirs) == _text(ours)


def _digits(value: Any) -> str:
    return re.sub(r"\D", "", _text(value))


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
