"""The portal of a request: whose data it may touch and whose clock its times are shown in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lrm.models import Portal


def portal_of(request: HttpRequest) -> Portal | None:
    """Return the portal of whoever is signed in, None for strangers and portal-less users."""
    if not request.user.is_authenticated:
        return None
    return request.user.portal


class PortalMiddleware:
    """Set `request.portal` and show times in the portal's own time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the portal in place."""
        portal = portal_of(request)
        request.portal = portal  # type: ignore[attr-defined]  # lrm.access types it for views.
        if portal is None:
            return self.get_response(request)
        with timezone.override(portal.zone):
            return self.get_response(request)
