"""What load balancers and operators ask: alive (no dependency) and ready (all that it needs).

Valkey is named and not needed: it wakes workers, and beat wakes them again. A web host that took
itself out of service with it would lose webhooks that it can store.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lrm import panels, valkey_clients, version

logger = logging.getLogger(__name__)

_NOT_NEEDED = {"valkey"}
# Some 700 kB, sorted within 64 kB of memory: PostgreSQL must write a file beside its tables.
_SPILL = """
SELECT count(*) FROM (
    SELECT repeat(md5(number::text), 4) AS line FROM generate_series(1, 5000) AS number
    ORDER BY line OFFSET 0
) AS sorted
"""


class DatabaseReadOnly(Exception):
    """The database answers and takes no changes: a standby, or one set so."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers, and which version of the product it runs.

    Touches no database, so a slow one does not restart us.
    """
    return HttpResponse(f"ok {version.VERSION}", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether everything needed works: 200 or 503, with each part by name."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "database": _check_database,
        "valkey": _check_valkey,
        **{check.name: check.check for check in panels.readiness_checks()},
    }
    checks = {name: _facts(name, check) for name, check in parts.items()}
    ok = all(facts["ok"] for name, facts in checks.items() if name not in _NOT_NEEDED)
    return JsonResponse({"ok": ok, "checks": checks}, status=200 if ok else 503)


def _facts(name: str, check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run one check. A failure names only its kind: messages may hold addresses or passwords."""
    try:
        return {"ok": True, **check()}
    except Exception as error:
        logger.warning("readiness check %s failed: %s", name, type(error).__name__)
        return {"ok": False, "error": type(error).__name__}


def _check_database() -> dict[str, Any]:
    """Make sure that rows can be stored: a database whose disk is full still answers questions.

    A change to a row may fit where an old one stood, and then finds no full disk. So a file is
    written, which is gone with the transaction, and the log of changes gets a line that is flushed.

    :raises DatabaseReadOnly: it takes no changes.
    :raises django.db.Error: it is away, or its disk is full.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')")
        if cursor.fetchone() != ("off",):
            raise DatabaseReadOnly
        # Where the tables are, wherever else temporary files are told to go.
        cursor.execute("SET LOCAL temp_tablespaces = ''")
        cursor.execute("SET LOCAL work_mem = '64kB'")
        cursor.execute(_SPILL)
        cursor.execute("SELECT pg_logical_emit_message(true, 'readyz', '')")
    return {}


def _check_valkey() -> dict[str, Any]:
    client = valkey_clients.make_client()
    try:
        client.ping()
    finally:
        client.close()
    return {}
