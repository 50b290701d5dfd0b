"""The high-volume guard, without making a hundred thousand documents."""

import operator

import pytest

from xero_simulator import habits
from xero_simulator.accounting_api import fields, query

HIGH_VOLUME = habits.Habits().guards_more_than
MANY = list(range(HIGH_VOLUME + 1))
ASKED = query.Asked(
    page=1,
    page_size=100,
    where="",
    order="",
    since_ms=None,
    summary_only=False,
    include_archived=False,
    search="",
    four_decimals=False,
)


def find_field(name: str) -> fields.Field:
    return fields.Field(fields.NUMBER, operator.pos)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (ASKED._replace(page=None), len(MANY)),
        (ASKED._replace(order="DueDate DESC, Total"), len(MANY)),
        (ASKED._replace(where="Total == 5"), len(MANY)),
    ],
)
def test_too_many_records_are_refused(asked: query.Asked, count: int) -> None:
    with pytest.raises(query.Refused) as refused:
        query.filter_and_sort(MANY[:count], asked, find_field)

    assert refused.value.kind == "ValidationException"


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (ASKED, len(MANY)),
        (ASKED._replace(order="Date DESC, InvoiceId"), len(MANY)),
        (ASKED._replace(page=None, where="AmountDue < 5"), len(MANY)),
        (ASKED._replace(page=None, order="Total"), HIGH_VOLUME),
    ],
)
def test_many_records_are_served_when_paged_narrowed_or_just_few_enough(
    asked: query.Asked, count: int
) -> None:
    assert query.filter_and_sort(MANY[:count], asked, find_field)
