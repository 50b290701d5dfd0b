"""When beat last rang and a worker took it: kept in Valkey, since nothing but a look needs it."""

import contextlib

import redis

from lrm import valkey_clients

_KEY = "lrm:beat"
_KEEP_SECONDS = 24 * 3600


def note(*, now: float) -> None:
    """Note that a worker took a ring of beat; a Valkey that is away makes no difference.

    :param now: seconds since 1970.
    """
    client = valkey_clients.make_client()
    try:
        with contextlib.suppress(redis.RedisError):
            client.set(_KEY, repr(now), ex=_KEEP_SECONDS)
    finally:
        client.close()


def last() -> float | None:
    """Return when that was last, or None where nobody knows.

    :raises redis.RedisError: Valkey does not answer.
    """
    client = valkey_clients.make_client()
    try:
        found = client.get(_KEY)
    finally:
        client.close()
    return float(found) if isinstance(found, bytes) else None
