"""The limiter's rules one by one, on books in the real Valkey."""

import dataclasses
import datetime
import uuid
from collections.abc import Iterator

import pytest

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api import errors, limits
from xero_sync.api.rate_limiter import Lane

DAY_OF_TWENTY = dataclasses.replace(STARTER, day=20, minute=1000)
HOUR = 3600.0


@pytest.fixture
def books() -> Iterator[limiting.Books]:
    with limiting.corner() as corner:
        yield corner


def limited(kind: errors.LimitKind, retry_after: float) -> errors.RateLimited:
    return errors.RateLimited("429", kind=kind, retry_after=retry_after)


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


def test_app_minute_is_shared_when_organisations_take_turns(books: limiting.Books) -> None:
    known = dataclasses.replace(STARTER, app_minute=6)
    counters = [limiting.Counter(books.limiter(known), uuid.uuid4()) for _ in range(3)]

    for counter in counters:
        counter.call(2)
    refused = counters[0].refused()
    books.let_pass(refused.seconds)
    counters[0].call()

    assert refused.kind == "appminute"


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


def test_waiting_ends_when_a_slot_comes_free_within_a_second(
    books: limiting.Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = books.counter(dataclasses.replace(STARTER, concurrent=1))
    held = [counter.take()]

    def give_back_in_time(_: float) -> None:
        if sleeper.slept > 0.9 and held:
            counter.give_back(held.pop())

    sleeper = limiting.waits_by(monkeypatch, give_back_in_time)
    counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE)

    assert 0.9 < sleeper.slept < 1.0


def test_waiting_lasts_as_long_as_it_must_when_it_may(
    books: limiting.Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = books.counter(dataclasses.replace(STARTER, minute=3))
    counter.call(2)
    before = books.now()
    refused = counter.refused()

    sleeper = limiting.waits_by(monkeypatch, books.let_pass)
    counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE, patience=90)

    # Some of the minute went by in real time.
    assert refused.seconds - (books.now() - before) < sleeper.slept <= refused.seconds


def test_waiting_does_not_begin_when_it_would_be_in_vain(
    books: limiting.Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = books.now()
    counter = books.counter()
    counter.call(59)

    sleeper = limiting.waits_by(monkeypatch, books.let_pass)
    with pytest.raises(errors.RateLimited) as caught:
        counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE)

    assert sleeper.slept == 0
    assert caught.value.kind == "minute"
    since = books.now() - began
    assert STARTER.minute_seconds - since < caught.value.retry_after <= STARTER.minute_window


@pytest.mark.parametrize(
    ("patience", "seconds"), [({"patience": 0.1}, 0.1), ({}, 1.0)], ids=["told", "as ever"]
)
def test_waiting_gives_up_when_no_slot_comes_free(
    books: limiting.Books,
    monkeypatch: pytest.MonkeyPatch,
    patience: dict[str, float],
    seconds: float,
) -> None:
    counter = books.counter(dataclasses.replace(STARTER, concurrent=1))
    counter.take()

    sleeper = limiting.waits_by(monkeypatch, books.let_pass)
    with pytest.raises(errors.RateLimited) as caught:
        counter.books.acquire_soon(tenant_id=counter.tenant_id, lane=Lane.PEOPLE, **patience)

    assert caught.value.kind == "concurrent"
    assert sleeper.slept == pytest.approx(seconds)


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

    counter.books.release(
        counter.take(),
        headers={"X-DayLimit-Remaining": "-1", "X-MinLimit-Remaining": "many"},
        answered=True,
    )

    assert counter.books.books_of(counter.tenant_id).day_used == 2


def test_bulk_may_still_call_when_the_limits_are_tiny() -> None:
    tiny = dataclasses.replace(STARTER, minute=1, day=1, concurrent=1, app_minute=1)

    room = tiny.of_bulk()

    assert (room.minute, room.day, room.concurrent, room.app_minute) == (1, 1, 1, 1)
