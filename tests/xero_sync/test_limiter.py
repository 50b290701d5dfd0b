"""The limiter's rules one by one, on books in the real Valkey."""

import dataclasses
import datetime
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.xero_sync import limiting
from tests.xero_sync.limiting import STARTER
from xero_sync import errors, limits
from xero_sync.limiter import Lane

# A minute that a test can sit out.
SHORT = dataclasses.replace(STARTER, minute_seconds=0.3)
DAY_OF_A_SECOND = dataclasses.replace(STARTER, day=20, minute=1000, day_seconds=1.0)


@pytest.fixture
def books() -> Iterator[limiting.Books]:
    with limiting.corner() as corner:
        yield corner


def limited(kind: errors.LimitKind, retry_after: float) -> errors.RateLimited:
    return errors.RateLimited("429", kind=kind, retry_after=retry_after)


def test_minute_is_closed_when_its_calls_are_used_and_open_when_they_are_a_minute_old(
    books: limiting.Books,
) -> None:
    counter = books.counter(SHORT)

    counter.call(59)
    answer = counter.refused()
    time.sleep(answer.seconds + 0.001)
    counter.call()

    assert answer.kind == "minute"
    assert 0 < answer.seconds <= 0.31


def test_call_in_flight_counts_when_it_is_older_than_a_minute(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(SHORT, minute=2), new=True)
    counter.call()
    slow = counter.take()

    time.sleep(0.35)
    counter.call()
    refused = counter.refused()
    counter.give_back(slow)
    still_refused = counter.refused()

    assert refused.kind == "minute"
    # Xero may have counted it at its very end.
    assert still_refused.kind == "minute"


def test_fifth_call_waits_when_four_of_bulk_and_one_of_people_are_in_flight(
    books: limiting.Books,
) -> None:
    counter = books.counter()

    slots = [counter.take(Lane.BULK) for _ in range(4)]
    for_bulk = counter.refused(Lane.BULK)
    slots.append(counter.take(Lane.PEOPLE))
    for_people = counter.refused(Lane.PEOPLE)
    counter.give_back(slots[0])
    counter.take(Lane.PEOPLE)

    assert for_bulk.kind == for_people.kind == "concurrent"


def test_bulk_stops_ten_calls_before_people_when_a_minute_is_used_up(
    books: limiting.Books,
) -> None:
    counter = books.counter()

    counter.call(49, Lane.BULK)
    for_bulk = counter.refused(Lane.BULK)
    counter.call(10, Lane.PEOPLE)
    for_people = counter.refused(Lane.PEOPLE)

    assert for_bulk.kind == for_people.kind == "minute"


def test_bulk_leaves_a_tenth_of_the_day_when_it_takes_all_it_may(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, day=20))

    counter.call(17, Lane.BULK)
    for_bulk = counter.refused(Lane.BULK)
    counter.call(2, Lane.PEOPLE)
    for_people = counter.refused(Lane.PEOPLE)

    assert for_bulk.kind == for_people.kind == "day"


def test_slot_comes_back_when_its_worker_was_killed(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, concurrent=1, lapse_seconds=0.2))

    counter.take()
    refused = counter.refused()
    time.sleep(0.21)
    counter.take()

    assert refused.kind == "concurrent"


def test_one_call_goes_ahead_alone_when_nothing_is_known(books: limiting.Books) -> None:
    counter = books.counter(new=True)

    first = counter.take()
    second = counter.refused()
    counter.give_back(first)
    counter.take()
    counter.take()

    assert second.kind == "concurrent"


def test_next_call_goes_alone_again_when_the_first_had_no_answer(books: limiting.Books) -> None:
    counter = books.counter(new=True)

    counter.books.settle(counter.take(), headers={}, answered=False)
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
    time.sleep(0.05)
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


def test_day_opens_again_when_it_is_over_and_xero_never_named_a_figure(
    books: limiting.Books,
) -> None:
    counter = books.counter(dataclasses.replace(DAY_OF_A_SECOND, day_seconds=0.3))
    counter.call(19)

    refused = counter.refused()
    time.sleep(0.31)
    counter.call(20)

    assert refused.kind == "day"


def test_one_call_an_hour_asks_when_nobody_has_told_the_end_of_a_used_up_day(
    books: limiting.Books,
) -> None:
    hour = 0.2
    counter = books.counter(dataclasses.replace(DAY_OF_A_SECOND, day_seconds=24 * hour))
    counter.call(day=0)

    first = counter.refused()
    time.sleep(first.seconds + 0.001)
    counter.call(day=0)
    second = counter.refused()

    assert first.seconds == pytest.approx(hour, abs=0.05)
    assert second.kind == "day"


def test_day_is_closed_until_the_time_told_when_xero_answered_429_for_it(
    books: limiting.Books,
) -> None:
    counter = books.counter()

    away = counter.books.settle(
        counter.take(),
        headers=limiting.headers(day=0),
        answered=True,
        limited=limited("day", 7200.0),
    )

    refused = counter.refused()
    ends_at = counter.books.books_of(counter.tenant_id).day_ends_at
    assert away == 7200.0
    assert refused.kind == "day"
    assert refused.seconds == pytest.approx(7200, abs=1)
    assert ends_at is not None
    assert abs((ends_at - refused.until).total_seconds()) < 1


@pytest.mark.parametrize(
    ("kind", "retry_after", "seconds"),
    [("minute", 22.0, 22.0), ("concurrent", 1.0, limits.CONCURRENT_SECONDS)],
)
def test_both_lanes_are_closed_when_xero_answered_429(
    books: limiting.Books, kind: errors.LimitKind, retry_after: float, seconds: float
) -> None:
    counter = books.counter()
    other = limiting.Counter(counter.books, uuid.uuid4())

    counter.books.settle(
        counter.take(), headers={}, answered=True, limited=limited(kind, retry_after)
    )

    for lane in Lane:
        refused = counter.refused(lane)
        assert refused.kind == kind
        assert refused.seconds == pytest.approx(seconds, abs=0.2)
    other.take()


def test_every_organisation_is_closed_when_the_app_has_used_its_minute(
    books: limiting.Books,
) -> None:
    counter = books.counter()
    other = limiting.Counter(counter.books, uuid.uuid4())

    counter.books.settle(
        counter.take(), headers={}, answered=True, limited=limited("appminute", 30.0)
    )

    assert other.refused().kind == "appminute"


def test_app_minute_is_shared_when_organisations_take_turns(books: limiting.Books) -> None:
    known = dataclasses.replace(SHORT, app_minute=6)
    counters = [limiting.Counter(books.limiter(known), uuid.uuid4()) for _ in range(3)]

    for counter in counters:
        counter.call(2)
    refused = counters[0].refused()
    time.sleep(refused.seconds + 0.001)
    counters[0].call()

    assert refused.kind == "appminute"


def test_app_minute_tightens_when_xero_has_counted_strangers(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, app_minute=100))

    counter.call(app=3)
    counter.call(3)

    assert counter.refused().kind == "appminute"


def test_retry_after_shrinks_when_the_simulated_minute_does(books: limiting.Books) -> None:
    counter = books.counter(SHORT)

    seconds = counter.books.settle(
        counter.take(), headers={}, answered=True, limited=limited("minute", 20.0)
    )

    assert seconds == pytest.approx(0.1)


def test_waiting_ends_when_a_slot_comes_free_within_a_second(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(SHORT, minute=3))
    counter.call(2)

    started = time.monotonic()
    counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE)

    assert 0.2 < time.monotonic() - started < 1.0


def test_waiting_does_not_begin_when_it_would_be_in_vain(books: limiting.Books) -> None:
    counter = books.counter()
    counter.call(59)

    started = time.monotonic()
    with pytest.raises(errors.RateLimited) as caught:
        counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE)

    assert time.monotonic() - started < 0.5
    assert caught.value.kind == "minute"
    assert 50 < caught.value.retry_after <= 60.5


def test_waiting_gives_up_when_no_slot_comes_free(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, concurrent=1))
    counter.take()

    with pytest.raises(errors.RateLimited) as caught:
        counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE, patience=0.1)

    assert caught.value.kind == "concurrent"


def test_script_is_sent_again_when_valkey_has_forgotten_it(books: limiting.Books) -> None:
    counter = books.counter()

    books.server.script_flush()

    counter.take()


def test_books_say_what_is_used_and_left_when_asked(books: limiting.Books) -> None:
    counter = books.counter(new=True)
    before = counter.books.books_of(counter.tenant_id)

    counter.call(4, day=900)
    counter.take()
    after = counter.books.books_of(counter.tenant_id)

    assert (before.day_used, before.day_ends_at, before.is_known) == (0, None, False)
    assert (after.day_used, after.day_left) == (101, 899)
    assert (after.minute_used, after.minute_left, after.in_flight) == (5, 55, 1)
    assert after.is_known
    assert after.day_ends_at is not None
    assert after.day_ends_at > datetime.datetime.now(datetime.UTC)


def test_garbled_headers_are_not_believed_when_they_come(books: limiting.Books) -> None:
    counter = books.counter()

    counter.books.settle(
        counter.take(),
        headers={"X-DayLimit-Remaining": "-1", "X-MinLimit-Remaining": "many"},
        answered=True,
    )

    assert counter.books.books_of(counter.tenant_id).day_used == 2


def test_bulk_may_still_call_when_the_limits_are_tiny() -> None:
    tiny = dataclasses.replace(STARTER, minute=1, day=1, concurrent=1, app_minute=1)

    room = tiny.of_bulk()

    assert (room.minute, room.day, room.concurrent, room.app_minute) == (1, 1, 1, 1)
