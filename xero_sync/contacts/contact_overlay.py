"""A learner's phones and address laid over those that its contact has in Xero already.

Whether Xero keeps the parts of a phone or an address that a request leaves out is not known. So
each is sent whole, with what only Xero has (a second line, an area code) and the learner's own
parts over it; one that would stay as it is, is not sent at all. Kinds that the LRM has nothing for
are never sent.
"""

import re
from collections.abc import Mapping
from typing import Any

from xero_sync.contacts.contact_fields import country_of

Part = dict[str, str]


def over(contact: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact as it is to be sent, given what Xero has; both in Xero's own JSON."""
    merged = dict(contact)
    for collection, kind, lay_over in (
        ("Phones", "PhoneType", _phone_over),
        ("Addresses", "AddressType", _address_over),
    ):
        by_kind = {each.get(kind): _filled(each) for each in elements(there, collection)}
        sent = []
        for ours in merged.pop(collection, []):
            theirs = by_kind.get(ours[kind], {})
            whole = lay_over(ours, theirs)
            if _filled(whole) != theirs:
                sent.append(whole)
        if sent:
            merged[collection] = sent
    return merged


def is_laid_over(contact: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Return whether something is sent of which Xero may have further parts."""
    return bool(over(contact, there).keys() & {"Phones", "Addresses"})


def elements(there: Mapping[str, Any], collection: str) -> list[Mapping[str, Any]]:
    """Return the phones or the addresses of a contact, and nothing else that may stand there."""
    found = there.get(collection)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _filled(part: Mapping[str, Any]) -> Part:
    return {name: str(value) for name, value in part.items() if value}


def _address_over(ours: Part, theirs: Part) -> Part:
    """Return an address; theirs, where it differs only in signs that we cannot send of a country.

    Somebody may have typed such a country at Xero's own pages, of which no rule is known. Where the
    address is sent it goes in plain letters, or Xero might refuse what it has itself; left out, it
    might be emptied.
    """
    written = theirs.get("Country", "")
    plain = _filled({**theirs, "Country": country_of(written) or written})
    whole = {**plain, **ours}
    return theirs if _filled(whole) == plain else whole


def _phone_over(ours: Part, theirs: Part) -> Part:
    """Return a phone in Xero's three parts.

    Xero keeps an area and a country code apart from the number. A number that is given with its
    area code takes the place of all it had, or it would be shown with two of them. It has one where
    it begins with a zero, or is as long as the one that is there with its area code.
    """
    number = ours["PhoneNumber"]
    digits, area = _digits(number), _digits(theirs.get("PhoneAreaCode", ""))
    country, old = theirs.get("PhoneCountryCode", ""), _digits(theirs.get("PhoneNumber", ""))
    national, before = _national(digits, _digits(country)), _national(area + old, "")
    if old and national == before:
        return theirs
    is_abroad = number.startswith("+") or digits.startswith("00")
    has_area = digits.startswith("0") or len(national) >= len(before)
    if area and not (is_abroad or has_area):
        return {**theirs, **ours}
    has_country = is_abroad or digits not in (national, f"0{national}")
    return {**ours, "PhoneAreaCode": "", "PhoneCountryCode": "" if has_country else country}


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _national(digits: str, country: str) -> str:
    """Return a number without its country's code and the zero before its area."""
    return digits.removeprefix("00").removeprefix(country).removeprefix("0")
