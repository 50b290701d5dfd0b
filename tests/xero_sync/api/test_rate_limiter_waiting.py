"""How long the limiter itself waits for a slot."""

import dataclasses

import pytest

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api import errors
from xero_sync.api.rate_limiter import Lane


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
