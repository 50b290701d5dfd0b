"""What Xero's own answers, its headers and its 429, make of the limiter's books."""

import dataclasses
import uuid

import pytest

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api import errors, limits
from xero_sync.api.rate_limiter import Lane


def limited(kind: errors.LimitKind, retry_after: float) -> errors.RateLimited:
    return errors.RateLimited("429", kind=kind, retry_after=retry_after)


def test_next_call_goes_alone_again_when_the_first_had_no_answer(books: limiting.Books) -> None:
    counter = books.counter(new=True)

    counter.books.release(counter.take(), headers={}, answered=False)
    counter.take()

    assert counter.refused().kind == "concurrent"


def test_books_are_rebuilt_from_headers_when_valkey_was_flushed(books: limiting.Books) -> None:
    counter = books.counter()
    counter.call(30)

    books.flush()
    probe = counter.take()
    alone = counter.refused()
    counter.give_back(probe, minute=25, day=400)
    counter.call(25)

    assert alone.kind == "concurrent"
    assert counter.refused().kind == "minute"
    assert counter.books.books_of(counter.tenant_id).day_used == 600 + 25


def test_slot_of_before_is_counted_when_it_ends_after_a_flush(books: limiting.Books) -> None:
    counter = books.counter()
    slot = counter.take()

    books.flush()
    counter.give_back(slot)

    assert counter.books.books_of(counter.tenant_id).minute_used == 1


def test_minute_tightens_when_xero_has_counted_strangers(books: limiting.Books) -> None:
    counter = books.counter()

    counter.call(1, minute=10)
    counter.call(1, minute=9)
    counter.call(9)

    assert counter.refused().kind == "minute"


def test_minute_is_not_loosened_when_xero_says_more_is_left(books: limiting.Books) -> None:
    counter = books.counter()

    counter.call(59, minute=60)

    assert counter.refused().kind == "minute"


def test_own_calls_are_not_taken_for_strangers_when_several_are_in_flight(
    books: limiting.Books,
) -> None:
    counter = books.counter()

    slots = [counter.take() for _ in range(5)]
    for slot in slots:
        counter.give_back(slot, minute=60 - 6)

    assert counter.books.books_of(counter.tenant_id).minute_used == 6


def test_day_follows_xeros_figure_when_others_use_it_too(books: limiting.Books) -> None:
    counter = books.counter()

    counter.call(3, day=700)

    books_now = counter.books.books_of(counter.tenant_id)
    assert (books_now.day_used, books_now.day_left) == (300, 700)


def test_day_adds_what_xero_may_not_have_counted_when_calls_overlap(books: limiting.Books) -> None:
    counter = books.counter()

    first, second, third = (counter.take() for _ in range(3))
    counter.give_back(second, day=990)

    assert counter.books.books_of(counter.tenant_id).day_used == 10 + 2
    counter.give_back(first, day=989)
    counter.give_back(third, day=988)
    assert counter.books.books_of(counter.tenant_id).day_used == 12 + 2
    counter.call(day=987)
    assert counter.books.books_of(counter.tenant_id).day_used == 13


def test_new_day_begins_when_xeros_figure_falls(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, day_seconds=100.0))
    counter.call(day=40)
    books.let_pass(20)
    ended_before = counter.books.books_of(counter.tenant_id).day_ends_at

    late = counter.take()
    counter.call(day=999)
    # An answer from before midnight that comes after one from after it.
    counter.give_back(late, day=39)

    books_now = counter.books.books_of(counter.tenant_id)
    assert books_now.day_used < 5
    assert ended_before is not None
    assert books_now.day_ends_at is not None
    assert books_now.day_ends_at > ended_before


def test_day_is_closed_until_the_time_told_when_xero_answered_429_for_it(
    books: limiting.Books,
) -> None:
    counter = books.counter()
    slot = counter.take()

    before = books.now()
    away = counter.books.release(
        slot,
        headers=limiting.headers(day=0),
        answered=True,
        limited=limited("day", 7200.0),
    )
    after = books.now()

    refused = counter.refused()
    books_now = counter.books.books_of(counter.tenant_id)
    ends_at = books_now.day_ends_at
    assert books_now.day_left == 0
    assert away == 7200.0
    assert refused.kind == "day"
    assert before + 7200 <= refused.until.timestamp() <= after + 7200
    assert ends_at == refused.until


@pytest.mark.parametrize(
    ("kind", "retry_after", "seconds"),
    [("minute", 22.0, 22.0), ("concurrent", 1.0, limits.CONCURRENT_SECONDS)],
)
def test_both_lanes_are_closed_when_xero_answered_429(
    books: limiting.Books, kind: errors.LimitKind, retry_after: float, seconds: float
) -> None:
    counter = books.counter()
    other = limiting.Counter(counter.books, uuid.uuid4())
    slot = counter.take()

    before = books.now()
    counter.books.release(slot, headers={}, answered=True, limited=limited(kind, retry_after))
    after = books.now()

    # Time to ask in: half a second is soon over.
    books.let_pass(-60)
    for lane in Lane:
        refused = counter.refused(lane)
        assert refused.kind == kind
        assert before + seconds <= refused.until.timestamp() - 60 <= after + seconds
    other.take()
    books.let_pass(60 + seconds)
    counter.take()


def test_every_organisation_is_closed_when_the_app_has_used_its_minute(
    books: limiting.Books,
) -> None:
    counter = books.counter()
    other = limiting.Counter(counter.books, uuid.uuid4())

    counter.books.release(
        counter.take(), headers={}, answered=True, limited=limited("appminute", 30.0)
    )

    assert other.refused().kind == "appminute"


def test_app_minute_tightens_when_xero_has_counted_strangers(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, app_minute=100))

    counter.call(app=3)
    counter.call(3)

    assert counter.refused().kind == "appminute"


def test_retry_after_shrinks_when_the_simulated_minute_does(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, minute_seconds=0.3))

    seconds = counter.books.release(
        counter.take(), headers={}, answered=True, limited=limited("minute", 20.0)
    )

    assert seconds == pytest.approx(0.1)


def test_garbled_headers_are_not_believed_when_they_come(books: limiting.Books) -> None:
    counter = books.counter()

    counter.books.release(
        counter.take(),
        headers={"X-DayLimit-Remaining": "-1", "X-MinLimit-Remaining": "many"},
        answered=True,
    )

    assert counter.books.books_of(counter.tenant_id).day_used == 2
