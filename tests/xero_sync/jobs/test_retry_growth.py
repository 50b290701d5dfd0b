"""Waiting grows with every failure in a row, and not for ever."""

import itertools
from collections.abc import Iterable
from datetime import timedelta

import pytest

from xero_sync.api import errors
from xero_sync.jobs import retry_policy

UNAVAILABLE = errors.Unavailable("Xero is away.")
REJECTED = errors.Rejected("No.", status=400)


def waits(error: Exception, attempts: Iterable[int]) -> list[timedelta]:
    """Return how long to wait after so many failures."""
    return [retry_policy.after(error, attempts=each).delay for each in attempts]


@pytest.mark.parametrize(
    ("error", "longest"), [(UNAVAILABLE, timedelta(minutes=5)), (REJECTED, timedelta(hours=12))]
)
def test_wait_doubles_until_it_is_as_long_as_it_gets(
    error: errors.XeroError, longest: timedelta
) -> None:
    delays = waits(error, range(15))

    growing = [each for each in delays if each < longest]
    assert len(growing) > 5
    assert all(later == 2 * sooner for sooner, later in itertools.pairwise(growing))
    assert delays == sorted(delays)
    assert delays[-3:] == [longest] * 3
    # However many failures there were, the figure stays one that a column can hold.
    assert waits(error, [10**6]) == [longest]
