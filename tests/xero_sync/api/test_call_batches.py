"""How many ids and numbers go into one call."""

import uuid
from urllib.parse import quote_plus

import pytest

from xero_sync.api import client
from xero_sync.resources import Resource


@pytest.mark.parametrize(
    ("resource", "count", "sizes"),
    [
        (Resource.INVOICE, 0, []),
        (Resource.INVOICE, 40, [40]),
        (Resource.CONTACT, 41, [40, 1]),
        (Resource.CREDIT_NOTE, 45, [20, 20, 5]),
    ],
)
def test_ids_are_cut_to_what_a_call_takes_when_there_are_many(
    resource: Resource, count: int, sizes: list[int]
) -> None:
    ids = [uuid.uuid4() for _ in range(count)]

    found = client.batches(resource, ids + ids)

    assert [len(one) for one in found] == sizes
    assert [one for batch in found for one in batch] == ids


def test_numbers_are_cut_to_the_length_of_an_address_when_there_are_many() -> None:
    numbers = [f'L-{n:05} "quoted" Ünïcode' for n in range(100)]

    found = client.number_batches([*numbers, *numbers])

    assert [one for batch in found for one in batch] == numbers
    for batch in found:
        where = " OR ".join(map(client.number_condition, batch))
        assert len(quote_plus(where)) <= client.ADDRESS_CHARACTERS


def test_quote_is_doubled_when_a_number_holds_one() -> None:
    assert client.number_condition('7"8') == 'ContactNumber=="7""8"'
