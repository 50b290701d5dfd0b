"""POST /webhooks/xero/: one comparison, one insert, an empty answer, a worker woken.

No session, no cookie, no parsing: Xero wants its answer within five seconds and sends the same
events again otherwise. A wrong signature is a 401 with nothing stored; whatever is signed right is
a 200, since refusing it would make Xero disable the webhook.
"""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xero_sync.webhooks import deliveries, signature


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Store a signed delivery and answer with an empty 200; anything else is an empty 401."""
    try:
        body = request.body
    except (UnreadablePostError, RawPostDataException):
        return HttpResponse(status=401)
    given = request.headers.get("x-xero-signature", "")
    if not signature.is_signed(body=body, signature=given, keys=settings.XERO_WEBHOOK_KEYS):
        return HttpResponse(status=401)
    deliveries.accept(body=body, now=datetime.now(UTC))
    return HttpResponse(status=200)
