"""How often somebody may try a password, or a code, by account and by address.

An attempt is counted before its password is looked at, in one statement, so that a hundred at once
are a hundred. Whoever is over a limit is refused unseen, also with the right password: an answer
would tell. A success gives the account's attempts back, and none of the address's. No account is
locked for longer than its window, and one that is locked from one address can be signed in to from
another, so that a stranger cannot easily keep its person out.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.crypto import salted_hmac

from lrm.models import SignInCount

_SALT = "lrm.sign_in.attempt_limits"
KEEP = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """So many attempts within such a time."""

    attempts: int
    within: timedelta


@dataclass(frozen=True)
class Limits:
    """What is tried, and how often it may be.

    :param prefix: tells the counts of one kind from another's.
    :param both: from one address to one account.
    :param account: to one account from anywhere.
    :param address: from one address to any account.
    """

    prefix: str
    both: Limit
    account: Limit
    address: Limit


# From one address to one account; to one account from anywhere; from one address to any.
BOTH = Limit(10, timedelta(minutes=15))
ACCOUNT = Limit(50, timedelta(hours=1))
ADDRESS = Limit(30, timedelta(minutes=15))
PASSWORD = Limits("", BOTH, ACCOUNT, ADDRESS)
# Of a million codes three are right at any moment. Whoever tries them knows the password, so
# closing the account to codes for a day is nothing that a stranger could do.
CODE = Limits("code-", Limit(5, timedelta(minutes=15)), Limit(30, timedelta(days=1)), ADDRESS)
# By whoever is signed in already. Nobody else can close it, so it may be as narrow.
OWN_PASSWORD = Limits("own-", CODE.both, CODE.account, ADDRESS)

_COUNT = """
INSERT INTO lrm_signincount AS kept (key, attempts, since) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    attempts = CASE WHEN kept.since <= %s THEN 1 ELSE kept.attempts + 1 END,
    since = CASE WHEN kept.since <= %s THEN excluded.since ELSE kept.since END
RETURNING attempts, since
"""


@dataclass(frozen=True)
class Verdict:
    """Whether an attempt may go on.

    :param free_at: when the next one may, where this may not.
    :param is_first_refused: whether this is the first that is refused for the account's sake.
    """

    free_at: datetime | None = None
    is_first_refused: bool = False


def count(*, username: str, address: str, now: datetime, limits: Limits = PASSWORD) -> Verdict:
    """Count an attempt, and say whether it may go on."""
    free_at: list[datetime] = []
    is_first = False
    for limit, key in _keys(limits, username, address):
        attempts, since = _counted(limit, key, now)
        if attempts > limit.attempts:
            free_at.append(since + limit.within)
            is_of_account = limit is not limits.address
            is_first = is_first or (is_of_account and attempts == limit.attempts + 1)
    return Verdict(max(free_at), is_first) if free_at else Verdict()


def count_unnamed(*, address: str, now: datetime) -> Verdict:
    """Count an attempt that names no account, such as a token that opens nothing."""
    attempts, since = _counted(ADDRESS, _key("address", _network_of(address)), now)
    return Verdict(since + ADDRESS.within) if attempts > ADDRESS.attempts else Verdict()


def give_back(*, username: str, address: str, limits: Limits = PASSWORD) -> None:
    """Forget an account's attempts: its person has signed in."""
    keys = _keys(limits, username, address)
    own = [key for limit, key in keys if limit is not limits.address]
    SignInCount.objects.filter(key__in=own).delete()
    # Somebody who signs in and out all day is no attacker.
    address_key = keys[0][1]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lrm_signincount SET attempts = greatest(attempts - 1, 0) WHERE key = %s",
            [address_key],
        )


def forget_old(*, now: datetime) -> int:
    """Delete the counts that count for nothing any more; return how many."""
    return SignInCount.objects.filter(since__lt=now - KEEP).delete()[0]


def _counted(limit: Limit, key: str, now: datetime) -> tuple[int, datetime]:
    over = now - limit.within
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key, now, over, over])
        attempts, since = cursor.fetchone()
    return attempts, since


def _keys(limits: Limits, username: str, address: str) -> list[tuple[Limit, str]]:
    # In one order for everybody, though each is a statement of its own and none waits for another.
    account = username.casefold()
    address = _network_of(address)
    return [
        (limits.address, _key(f"{limits.prefix}address", address)),
        (limits.account, _key(f"{limits.prefix}account", account)),
        (limits.both, _key(f"{limits.prefix}both", f"{address} {account}")),
    ]


def _network_of(address: str) -> str:
    """Return what one household or host has of addresses: of IPv6 it is given 2 to the 64th."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False))


def _key(kind: str, text: str) -> str:
    return f"{kind}:{salted_hmac(_SALT, text, algorithm='sha256').hexdigest()}"
