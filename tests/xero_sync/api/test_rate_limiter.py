"""The limiter's rules one by one, on books in the real Valkey."""

import dataclasses
import datetime
import uuid

import pytest

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api.rate_limiter import Lane

DAY_OF_TWENTY = dataclasses.replace(STARTER, day=20, minute=1000)
HOUR = 3600.0


def test_minute_is_closed_when_its_calls_are_used_and_open_when_they_are_a_minute_old(
    books: limiting.Books,
) -> None:
    began = books.now()
    counter = books.counter()

    counter.call(59)
    assert counter.books.books_of(counter.tenant_id).minute_left == 0
    answer = counter.refused()
    books.let_pass(answer.seconds - 30)
    still_refused = counter.refused()
    books.let_pass(30.001)
    counter.call()

    assert answer.kind == still_refused.kind == "minute"
    # When the first call is a minute old, and no sooner.
    assert began + STARTER.minute_seconds <= answer.until.timestamp()
    assert 0 < answer.seconds <= STARTER.minute_window


def test_call_in_flight_counts_when_it_is_older_than_a_minute(books: limiting.Books) -> None:
    counter = books.counter(dataclasses.replace(STARTER, minute=2, lapse_seconds=600.0), new=True)
    counter.call()
    slow = counter.take()

    books.let_pass(STARTER.minute_window)
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
    counter = books.counter(dataclasses.replace(STARTER, concurrent=1, lapse_seconds=60.0))

    counter.take()
    refused = counter.refused()
    books.let_pass(30)
    still_refused = counter.refused()
    books.let_pass(30)
    counter.take()

    assert refused.kind == still_refused.kind == "concurrent"


def test_one_call_goes_ahead_alone_when_nothing_is_known(books: limiting.Books) -> None:
    counter = books.counter(new=True)

    first = counter.take()
    second = counter.refused()
    counter.give_back(first)
    counter.take()
    counter.take()

    assert second.kind == "concurrent"


def test_day_opens_again_when_it_is_over_and_xero_never_named_a_figure(
    books: limiting.Books,
) -> None:
    counter = books.counter(DAY_OF_TWENTY)
    counter.call(19)

    refused = counter.refused()
    books.let_pass(DAY_OF_TWENTY.day_seconds)
    counter.call(20)

    assert refused.kind == "day"


def test_one_call_an_hour_asks_when_nobody_has_told_the_end_of_a_used_up_day(
    books: limiting.Books,
) -> None:
    counter = books.counter(DAY_OF_TWENTY)
    counter.call(day=0)

    first = counter.refused()
    books.let_pass(first.seconds)
    counter.call(day=0)
    second = counter.refused()

    assert first.seconds == pytest.approx(HOUR, abs=0.001)
    assert (first.kind, second.kind) == ("day", "day")


def test_app_minute_is_shared_when_organisations_take_turns(books: limiting.Books) -> None:
    known = dataclasses.replace(STARTER, app_minute=6)
    counters = [limiting.Counter(books.limiter(known), uuid.uuid4()) for _ in range(3)]

    for counter in counters:
        counter.call(2)
    refused = counters[0].refused()
    books.let_pass(refused.seconds)
    counters[0].call()

    assert refused.kind == "appminute"


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


def test_bulk_may_still_call_when_the_limits_are_tiny() -> None:
    tiny = dataclasses.replace(STARTER, minute=1, day=1, concurrent=1, app_minute=1)

    room = tiny.of_bulk()

    assert (room.minute, room.day, room.concurrent, room.app_minute) == (1, 1, 1, 1)
