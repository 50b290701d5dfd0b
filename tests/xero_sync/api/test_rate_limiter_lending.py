"""Bulk borrows calls of the minute's reserve while people and events are quiet, and no longer."""

import dataclasses

import pytest

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api import rate_limiter
from xero_sync.api.rate_limiter import Lane

OWN, LENT, NEVER_LENT = 50, 7, 3
LOAN = STARTER.loan_seconds
MINUTE = STARTER.minute_window


@pytest.fixture
def quiet(books: limiting.Books) -> limiting.Counter:
    """Return an organisation that is known, and in which nobody has called for long."""
    counter = books.counter()
    books.let_pass(2 * MINUTE)
    return counter


def granted(counter: limiting.Counter, lane: Lane, wanted: int) -> int:
    """Make up to so many calls, one after the other; return how many were allowed now."""
    for number in range(wanted):
        answer = counter.ask(lane)
        if not isinstance(answer, rate_limiter.Slot):
            return number
        counter.give_back(answer)
    return wanted


def test_bulk_borrows_all_but_three_calls_when_its_oldest_are_about_to_leave_the_minute(
    books: limiting.Books, quiet: limiting.Counter
) -> None:
    at_first = granted(quiet, Lane.BULK, 60)
    books.let_pass(MINUTE - LOAN - 1)
    a_second_too_early = granted(quiet, Lane.BULK, 60)
    books.let_pass(1)
    borrowed = granted(quiet, Lane.BULK, 60)

    assert (at_first, a_second_too_early, borrowed) == (OWN, 0, LENT)


def test_bulk_borrows_nothing_when_what_it_would_borrow_stays_out_for_longer(
    books: limiting.Books, quiet: limiting.Counter
) -> None:
    granted(quiet, Lane.BULK, 3)
    books.let_pass(LOAN + 2)
    granted(quiet, Lane.BULK, 60)
    books.let_pass(MINUTE - LOAN - LOAN - 1)

    borrowed = granted(quiet, Lane.BULK, 60)

    # As many as soon leave the minute, and not seven.
    assert borrowed == 3


def test_three_calls_start_at_once_and_ten_within_five_seconds_when_all_is_lent(
    books: limiting.Books, quiet: limiting.Counter
) -> None:
    granted(quiet, Lane.BULK, OWN)
    books.let_pass(MINUTE - LOAN)
    granted(quiet, Lane.BULK, LENT)

    at_once = granted(quiet, Lane.PEOPLE, 10)
    told = quiet.refused(Lane.PEOPLE)
    # Bulk would take whatever comes free.
    for_bulk = granted(quiet, Lane.BULK, 60)
    books.let_pass(LOAN)
    soon = granted(quiet, Lane.PEOPLE, 10 - at_once)

    assert (at_once, for_bulk, at_once + soon) == (NEVER_LENT, 0, 10)
    assert told.seconds <= LOAN


def test_bulk_borrows_nothing_when_somebody_has_asked_within_the_minute(
    books: limiting.Books, quiet: limiting.Counter
) -> None:
    granted(quiet, Lane.BULK, OWN - 1)
    books.let_pass(MINUTE - LOAN - 1)
    granted(quiet, Lane.PEOPLE, 1)
    books.let_pass(1)

    told = quiet.refused(Lane.BULK)

    # When its own calls have left the minute, and no sooner.
    assert told.seconds == pytest.approx(LOAN, abs=1)


def test_nothing_is_lent_when_somebody_asked_and_was_refused(
    books: limiting.Books, quiet: limiting.Counter
) -> None:
    slow = dataclasses.replace(STARTER, lapse_seconds=600.0)
    counter = limiting.Counter(books.limiter(slow), quiet.tenant_id)
    slots = [counter.take(Lane.PEOPLE) for _ in range(5)]
    books.let_pass(2 * MINUTE)
    counter.refused(Lane.PEOPLE)
    for slot in slots:
        counter.give_back(slot)
    granted(counter, Lane.BULK, OWN - len(slots))
    books.let_pass(MINUTE - LOAN / 2)

    told = counter.refused(Lane.BULK)

    assert told.seconds == pytest.approx(LOAN / 2, abs=1)


def test_bulk_is_told_when_it_may_borrow(books: limiting.Books, quiet: limiting.Counter) -> None:
    granted(quiet, Lane.BULK, 60)

    told = quiet.refused(Lane.BULK)
    books.let_pass(told.seconds + 0.001)
    first = granted(quiet, Lane.BULK, 1)

    assert first == 1
    assert told.seconds == pytest.approx(MINUTE - LOAN, abs=1)


def test_the_days_reserve_and_the_fifth_call_at_once_are_never_lent(
    books: limiting.Books,
) -> None:
    counter = books.counter(dataclasses.replace(STARTER, day=20))
    books.let_pass(2 * MINUTE)

    slots = [counter.take(Lane.BULK) for _ in range(4)]
    fifth = counter.refused(Lane.BULK)
    for slot in slots:
        counter.give_back(slot)
    granted(counter, Lane.BULK, 60)
    tenth = counter.refused(Lane.BULK)

    assert (fifth.kind, tenth.kind) == ("concurrent", "day")


def test_three_of_sixty_are_never_lent_and_some_of_few() -> None:
    few = dataclasses.replace(STARTER, minute=6)
    one = dataclasses.replace(STARTER, minute=1)

    assert STARTER.minute_with_loan == OWN + LENT
    assert few.minute_with_loan == 5
    assert one.minute_with_loan == 1
