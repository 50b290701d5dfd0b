"""POST /webhooks/xero/: one comparison, one insert, an empty answer, a worker woken.

No session, no cookie, no parsing: Xero wants its answer within five seconds and sends the same
events again otherwise. A wrong signature is a 401 with nothing stored; whatever is signed right is
a 200, since refusing it would make Xero disable the webhook.
"""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lrm.watching import tallies
from xero_sync.status import sync_metrics
from xero_sync.webhooks import deliveries, signature

# Some ten thousand events; the entropy and all that Xero may add later included.
MOST_BYTES = 32 * 2**20


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Store a signed delivery and answer with an empty 200; anything else is an empty 401."""
    answer = _answer(request)
    tallies.add(sync_metrics.WEBHOOK_ANSWERS, str(answer.status_code))
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        body = _read(request)
    except (UnreadablePostError, OSError):
        return HttpResponse(status=401)
    if body is None:
        return HttpResponse(status=413)
    given = request.headers.get("x-xero-signature", "")
    if not signature.is_signed(body=body, signature=given, keys=settings.XERO_WEBHOOK_KEYS):
        return HttpResponse(status=401)
    deliveries.accept(body=body, now=datetime.now(UTC))
    return HttpResponse(status=200)


def _read(request: HttpRequest) -> bytes | None:
    """Return the body, or None where it is longer than anything that is taken.

    Not `request.body`: that ends at the limit of a form, and takes a chunked body for an empty one.
    Django reads no chunked body; a server that has put one together says so.
    """
    environ: dict[str, Any] = request.META
    stream = environ["wsgi.input"] if environ.get("wsgi.input_terminated") else request
    body: bytes = stream.read(MOST_BYTES + 1)
    return body if len(body) <= MOST_BYTES else None
