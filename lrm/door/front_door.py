"""What is refused before any page is looked for: odd methods, and secrets that are sent plainly."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from lrm.rest import problems

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
# Programs ask here, and would go on sending plainly what a redirect has them send again.
_PROGRAMS = ("/api/", "/webhooks/")


class FrontDoorMiddleware:
    """Refuses what no page takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request where it may come in."""
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        plainly = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if plainly and request.path.startswith(_PROGRAMS):
            return JsonResponse(
                problems.document(403, detail="This address is for https only."),
                status=403,
                content_type=problems.CONTENT_TYPE,
            )
        return self.get_response(request)
