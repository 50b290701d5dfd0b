"""How many things fit into one call to Xero.

What is asked for stands in the address, and the longest that Xero takes is about 2,048 characters:
some 52 ids have been seen to fit. Batches stay well below, which leaves room for the rest of it.
"""

from collections.abc import Sequence
from urllib.parse import quote_plus
from uuid import UUID

from xero_sync.resources import Resource

IDS_PER_CALL = 40
# Where a condition must be written for each id, it takes about 75 characters.
CONDITIONS_PER_CALL = 20
ADDRESS_CHARACTERS = 1600
# Only these two take a list of ids (the OpenAPI specification).
TAKE_IDS = frozenset((Resource.CONTACT, Resource.INVOICE))


def most_ids(resource: Resource) -> int:
    """Return how many elements of a resource can be asked for by id in one call."""
    return IDS_PER_CALL if resource in TAKE_IDS else CONDITIONS_PER_CALL


def batches(resource: Resource, ids: Sequence[UUID]) -> list[list[UUID]]:
    """Cut ids into lists that fit one call, each id once, order kept."""
    size = most_ids(resource)
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + size] for start in range(0, len(unique), size)]


def number_batches(numbers: Sequence[str]) -> list[list[str]]:
    """Cut contact numbers into lists that fit one call, each number once, order kept."""
    found: list[list[str]] = []
    room = 0
    for number in dict.fromkeys(numbers):
        length = len(quote_plus(f" OR {number_condition(number)}"))
        if length > room:
            found.append([])
            room = ADDRESS_CHARACTERS
        found[-1].append(number)
        room -= length
    return found


def number_condition(number: str) -> str:
    """Return the condition for one contact number in Xero's filter language."""
    # It doubles a quote inside a string and knows no backslash.
    escaped = number.replace('"', '""')
    return f'ContactNumber=="{escaped}"'
