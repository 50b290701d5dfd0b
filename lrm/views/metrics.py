"""GET /metrics: for Prometheus, by a token, or from this very machine where none is set."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from lrm.watching import metrics


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show all figures; 401 without the token, 403 from elsewhere where there is none."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_here(request.META.get("REMOTE_ADDR", "")):
        return HttpResponse(status=403)
    return HttpResponse(metrics.page(), content_type=CONTENT_TYPE_LATEST)


def _is_here(address: str) -> bool:
    """Return whether it is asked from this machine, as `lrm.door.proxies` found it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
