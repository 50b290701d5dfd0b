"""A Valkey that does not answer costs its first caller a second, and the next ones nothing."""

import socket
import time
import uuid

import pytest
import redis
from pytest_django.fixtures import Settings

from tests.support import limiting
from xero_sync.api import rate_limiter


def test_second_caller_waits_for_nothing_and_it_is_asked_again_soon(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        limiting.forget_shared()
        hanging = rate_limiter.shared()

        took = []
        for _ in range(5):
            began = time.monotonic()
            with pytest.raises(redis.RedisError):
                hanging.books_of(uuid.uuid4())
            took.append(time.monotonic() - began)
        time.sleep(rate_limiter.AWAY_SECONDS)
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            hanging.books_of(uuid.uuid4())

    assert took[0] < 1.9
    assert sum(took[1:]) < 0.1
    assert time.monotonic() - began > 0.9


def test_page_waits_for_it_hardly_at_all(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        limiting.forget_shared()
        hanging = rate_limiter.at_a_glance()

        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(redis.RedisError):
                hanging.books_of(uuid.uuid4())

    # Less than anybody who needs an answer waits for it.
    assert time.monotonic() - began < 0.9
