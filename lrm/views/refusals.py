"""The pages of 400, 403 and 404, also where the form that came cannot be read.

Django's own look into the form for the token of cross-site requests. Where nothing has read it yet,
because the host is refused before or the address leads nowhere, a form without an end or a boundary
then made a fault (500) of the refusal.
"""

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    _read_form(request)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    _read_form(request)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    _read_form(request)
    return defaults.page_not_found(request, exception)


def _read_form(request: HttpRequest) -> None:
    """Read the form; one that cannot be read is an empty one from now on."""
    try:
        _ = request.POST
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        request._mark_post_parse_error()  # type: ignore[attr-defined]  # stubs leave it out
