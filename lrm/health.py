"""What load balancers and operators ask: alive (no dependency) and ready (all of them)."""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lrm import panels, version

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2


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
    """Say whether everything needed is reachable: 200 or 503, with each part by name."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "database": _check_database,
        "valkey": _check_valkey,
        **{check.name: check.check for check in panels.readiness_checks()},
    }
    checks = {name: _facts(name, check) for name, check in parts.items()}
    ok = all(facts["ok"] for facts in checks.values())
    return JsonResponse({"ok": ok, "checks": checks}, status=200 if ok else 503)


def _facts(name: str, check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run one check. A failure names only its kind: messages may hold addresses or passwords."""
    try:
        return {"ok": True, **check()}
    except Exception as error:
        logger.warning("readiness check %s failed: %s", name, type(error).__name__)
        return {"ok": False, "error": type(error).__name__}


def _check_database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _check_valkey() -> dict[str, Any]:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    finally:
        client.close()
    return {}
