"""Where a portal demands a second factor, whoever lacks it is led to set it up, nowhere else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from lrm.models import User
from lrm.rest import problems
from lrm.sign_in import second_factor

# What works without one: setting it up, leaving, and what asks who is alive.
_OPEN = (
    *("second_factor", "second_factor_begin", "second_factor_confirm"),
    *("passkey_add", "passkey_confirm", "sign_out"),
)
_PROBES = ("healthz", "readyz")
_API = "/api/"
WHY = "Your portal demands a second factor: set it up at {page}."


class FactorGateMiddleware:
    """Lets nobody past the page of set-up who must have a second factor and has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or lead to the page of set-up."""
        if not is_held(request) or request.path in map(reverse, (*_OPEN, *_PROBES)):
            return self.get_response(request)
        page = reverse("second_factor")
        if request.path.startswith(_API):
            return JsonResponse(
                problems.document(403, detail=WHY.format(page=page)),
                status=403,
                content_type=problems.CONTENT_TYPE,
            )
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": page})
        return redirect(page)


def is_held(request: HttpRequest) -> bool:
    """Return whether this request's person must first set up a second factor."""
    user = request.user
    return user.is_authenticated and lacks_one(user)


def lacks_one(user: User) -> bool:
    """Return whether a person may do nothing before they set up a second factor."""
    return second_factor.is_demanded_of(user) and not second_factor.is_on(user)
