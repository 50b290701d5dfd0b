"""The numbers of erased learners, as keyed hashes: nobody gets one again.

The number is what a contact in Xero still bears. Whoever had it next, by an old file imported once
more or by a slip, would be linked to the erased person's documents. The hash is keyed, since
numbers are few and could be tried one after the other; where `SECRET_KEY` changes, the numbers of
before come free.
"""

from collections.abc import Collection

from django.utils.crypto import salted_hmac

from lrm.erasure_models import ErasedLearner
from lrm.models import Portal

_SALT = "lrm.personal_data.tombstones"


def key_of(portal: Portal, number: str) -> str:
    """Return what is kept of a number."""
    return salted_hmac(_SALT, f"{portal.pk} {number}", algorithm="sha256").hexdigest()


def erased_among(portal: Portal, numbers: Collection[str]) -> set[str]:
    """Return those numbers that an erased learner had; no query where none are asked about."""
    by_key = {key_of(portal, number): number for number in numbers if number}
    if not by_key:
        return set()
    found = ErasedLearner.objects.filter(portal=portal, number_key__in=by_key)
    return {by_key[key] for key in found.values_list("number_key", flat=True)}
