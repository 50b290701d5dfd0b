"""The numbers of erased learners, as keyed hashes: nobody gets one again.

The number is what a contact in Xero still bears. Whoever had it next, by an old file imported once
more or by a slip, would be linked to the erased person's documents. The hash is keyed, since
numbers are few and could be tried one after the other; where `SECRET_KEY` changes, the numbers of
before come free.
"""

from collections.abc import Collection

from django.utils.crypto import salted_hmac

from lrm.models import ErasedLearner, Portal

_SALT = "lrm.personal_data.tombstones"


def key_of(portal: Portal, number: str) -> str:
    """Return what is kept of a number, whatever the case of its letters.

    Whether Xero tells "l1" from "L1" in a contact's number is said nowhere.
    """
    known = f"{portal.pk} {number.strip().casefold()}"
    return salted_hmac(_SALT, known, algorithm="sha256").hexdigest()


def erased_among(portal: Portal, numbers: Collection[str]) -> set[str]:
    """Return those numbers that an erased learner had; no query where none are asked about."""
    keys = {number: key_of(portal, number) for number in numbers if number}
    if not keys:
        return set()
    erased = ErasedLearner.objects.filter(portal=portal, number_key__in=set(keys.values()))
    found = set(erased.values_list("number_key", flat=True))
    return {number for number, key in keys.items() if key in found}
