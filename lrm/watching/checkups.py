"""What an operator would look at, one finding a line: `manage.py doctor` prints them.

The LRM looks at what it stands on; other apps add checkups of their own. A finding names the fact,
and where something is wrong the next step; never a password or an address with one in it.
"""

import contextlib
import enum
import ipaddress
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from smtplib import SMTPException

import redis
from celery import current_app
from django.conf import settings
from django.core import checks, mail
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from lrm.models import Portal, User
from lrm.sign_in import authenticators
from lrm.waking import worker_tasks
from lrm.watching import heartbeat

OLDEST_POSTGRESQL = 15
# Beat wakes every ten seconds; the half-minute more is for a busy machine.
BEAT_SECONDS = 45.0
_LEAST_FREE = 0.10
_WORKER_SECONDS = 3.0
_MAIL_SECONDS = 5


class Level(enum.StrEnum):
    """How a finding is."""

    OK = "ok"
    LOOK = "look"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    name: str
    level: Level
    words: str


Checkup = Callable[[], Iterable[Finding]]
_checkups: list[Checkup] = []


def add(checkup: Checkup) -> None:
    """Have the doctor look at one thing more."""
    if checkup not in _checkups:
        _checkups.append(checkup)


def findings() -> list[Finding]:
    """Look at everything; what cannot be looked at for a reason named already is left out."""
    database = list(_database())
    found = [*_settings(), *database]
    if not any(one.level is Level.WRONG for one in database):
        found += [*_database_log(), *_first_portal()]
        for checkup in _checkups:
            found += _tried(checkup)
    found += _valkey()
    return [*found, *_mail(), *_passkeys(), *_disk()]


def _tried(checkup: Checkup) -> list[Finding]:
    try:
        return list(checkup())
    except Exception as error:
        # The kind alone: what it says may hold what must not be read on a screen.
        name = checkup.__module__.partition(".")[0]
        return [Finding(name, Level.WRONG, f"could not be looked at: {type(error).__name__}.")]


def _settings() -> Iterable[Finding]:
    if settings.DEBUG:
        yield Finding("settings", Level.LOOK, "DEBUG is on: never where strangers reach it.")
    problems = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    for problem in problems:
        level = Level.WRONG if problem.level >= checks.ERROR else Level.LOOK
        yield Finding("settings", level, f"{problem.msg} ({problem.id})")
    if not problems and not settings.DEBUG:
        yield Finding("settings", Level.OK, "all set, and none looks wrong.")


def _database() -> Iterable[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int / 10000,"
                " current_setting('transaction_read_only'), current_setting('jit'),"
                " current_setting('idle_in_transaction_session_timeout'),"
                " pg_size_pretty(pg_database_size(current_database()))"
            )
            version, read_only, jit, longest_idle, size = cursor.fetchone()
        waiting = _migrations()
    except (DatabaseError, ImproperlyConfigured) as error:
        words = f"PostgreSQL does not answer ({type(error).__name__}): see DATABASE_URL."
        yield Finding("database", Level.WRONG, words)
        return
    yield Finding("database", Level.OK, f"PostgreSQL {version} answers; {size}.")
    if version < OLDEST_POSTGRESQL:
        words = f"PostgreSQL {version} is too old: {OLDEST_POSTGRESQL} or newer is needed."
        yield Finding("database", Level.WRONG, words)
    if read_only != "off":
        yield Finding("database", Level.WRONG, "it takes no changes: a standby, or set so.")
    if jit != "off":
        words = "it compiles statements, which takes seconds a page: ALTER ROLE lrm SET jit TO off."
        yield Finding("database", Level.LOOK, words)
    if longest_idle == "0":
        words = (
            "a process that hangs within a transaction holds its rows for ever: "
            "ALTER ROLE lrm SET idle_in_transaction_session_timeout TO '90s'."
        )
        yield Finding("database", Level.LOOK, words)
    if waiting:
        words = f"{waiting} wait: run `manage.py migrate`."
        yield Finding("migrations", Level.WRONG, words)
    else:
        yield Finding("migrations", Level.OK, "all are in.")


def _migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _database_log() -> Iterable[Finding]:
    """Look whether the server logs what people typed, as PostgreSQL does by default."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('log_min_error_statement'),"
            " current_setting('log_error_verbosity')"
        )
        least, verbosity = cursor.fetchone()
    name = "database log"
    if least in {"fatal", "panic"} and verbosity == "terse":
        yield Finding(name, Level.OK, "statements that fail stay out of it.")
    else:
        words = (
            "statements that fail stand in it, with what people typed: set "
            "log_min_error_statement=panic and log_error_verbosity=terse."
        )
        yield Finding(name, Level.LOOK, words)


def _first_portal() -> Iterable[Finding]:
    if not Portal.objects.exists():
        words = "there is none yet: make the first with `manage.py create_portal`."
        yield Finding("portals", Level.LOOK, words)
    elif not User.objects.filter(is_active=True, is_portal_admin=True).exists():
        words = "nobody is a portal admin who may sign in: `manage.py create_portal` makes one."
        yield Finding("portals", Level.WRONG, words)
    else:
        yield Finding("portals", Level.OK, f"{Portal.objects.count()}, with portal admins.")


def _valkey() -> Iterable[Finding]:
    try:
        beat = heartbeat.last()
    except redis.RedisError as error:
        words = f"it does not answer ({type(error).__name__}): see REDIS_URL. Nothing is lost."
        yield Finding("valkey", Level.WRONG, words)
        return
    yield Finding("valkey", Level.OK, "it answers.")
    yield _beat(beat)
    yield from _workers()


def _beat(last: float | None) -> Finding:
    if last is None:
        return Finding("beat", Level.WRONG, "it has woken nobody: start beat, and a worker.")
    seconds = time.time() - last
    if seconds > BEAT_SECONDS:
        words = f"its last ring was taken {seconds:.0f} s ago: does beat run, and a worker?"
        return Finding("beat", Level.WRONG, words)
    return Finding("beat", Level.OK, f"its last ring was taken {seconds:.0f} s ago.")


def _workers() -> Iterable[Finding]:
    served = _served_queues()
    for queue in worker_tasks.QUEUES:
        count = served.count(queue)
        if count:
            yield Finding("workers", Level.OK, f"{count} for the queue {queue}.")
        else:
            words = f"none answers for the queue {queue}: start one with --queues {queue}."
            yield Finding("workers", Level.WRONG, words)


def _served_queues() -> list[str]:
    """Return the queue names of all workers that answer in time, one for each worker."""
    try:
        answers = current_app.control.inspect(timeout=_WORKER_SECONDS).active_queues() or {}
    except (OSError, redis.RedisError, OperationalError):
        return []
    return [queue["name"] for queues in answers.values() for queue in queues]


def _mail() -> Iterable[Finding]:
    """Look whether mails get anywhere: links to set a password go by mail alone."""
    kind = settings.EMAIL_BACKEND.split(".")[-2]
    if kind != "smtp":
        words = f"mails go to no mail server ({kind}), so nobody gets one: see EMAIL_URL."
        yield Finding("mail", Level.LOOK, words)
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with mail.get_connection(timeout=_MAIL_SECONDS):
            yield Finding("mail", Level.OK, f"{server} takes connections.")
    except (SMTPException, OSError) as error:
        words = f"{server} takes no connection ({type(error).__name__}): see EMAIL_URL."
        yield Finding("mail", Level.WRONG, words)


def _passkeys() -> Iterable[Finding]:
    """Look whether browsers keep passkeys for our address: they do for names alone."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(authenticators.domain())
        words = "PUBLIC_URL has an IP address: no browser keeps a passkey for one."
        yield Finding("passkeys", Level.LOOK, words)


def _disk() -> Iterable[Finding]:
    use = shutil.disk_usage(settings.BASE_DIR)
    free = use.free / use.total
    level = Level.OK if free >= _LEAST_FREE else Level.WRONG
    words = f"{free:.0%} of this host's disk is free."
    yield Finding("disk", level, words if level is Level.OK else f"{words} Make room.")
