"""Doors: every page names the right it needs, and a closed door says who holds the key."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit, urlunsplit

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from lrm import permissions
from lrm.learner_accounts import own_learner
from lrm.models import Portal, User

P = ParamSpec("P")

MAX_NAMES = 5


class SignedInRequest(HttpRequest):
    """A request as views behind `require` see it. Never instantiated: it exists for its types."""

    user: User
    portal: Portal
    htmx: HtmxDetails


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
SignedInView = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def require(
    right: permissions.Right, *, explanation: str = "", back_to: str = ""
) -> Callable[[SignedInView[P]], View[P]]:
    """Let only users with `right` through to the view.

    Anonymous people go to the sign-in page and come back after; where they had sent a form, they
    are told that it is lost, and come back to its page. Where only a part of a page was
    asked for, the whole page loads anew and leads there. Others get status 403 with a
    page that says in words what the right is for (`explanation`, a whole sentence) and who can.

    `back_to` names another page to come back to, for an address that must not be kept, since it
    carries a secret.
    """

    def decorate(view: SignedInView[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request, back_to=back_to)
            if not right(request.user):
                return not_allowed(request, right=right, explanation=explanation)
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        return guarded

    return decorate


def to_sign_in(request: HttpRequest, *, back_to: str = "") -> HttpResponse:
    """Lead to the sign-in page, which must never appear in the middle of another page.

    What a form has sent is not kept, and that is said there.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if request.method == "POST":
        messages.warning(request, "You were signed out meanwhile. What you sent was not saved.")
    address = reverse(back_to) if back_to else _address_after_sign_in(request)
    return auth_views.redirect_to_login(address)


def not_allowed(
    request: HttpRequest, *, right: permissions.Right, explanation: str = ""
) -> HttpResponse:
    """Return the page, status 403, that says who can. For views with rights of their own, too.

    Learners are told of their own page alone, and of nobody who works here.
    """
    user = request.user
    if user.is_authenticated and own_learner.is_learner(user):
        context: dict[str, object] = {"is_open": permissions.may_see_own_documents(user)}
        return render(request, "lrm/learner_not_allowed.html", context, status=403)
    context = {
        "explanation": explanation,
        "roles": permissions.ROLES_WITH.get(right, ""),
        "people": people_with(right, portal=getattr(request, "portal", None)),
        "sees_addresses": _sees_addresses(request),
    }
    return render(request, "lrm/not_allowed.html", context, status=403)


def people_with(right: permissions.Right, *, portal: Portal | None) -> list[User]:
    """Return up to five people of the portal who have the right, in order of name."""
    if portal is None:
        return []
    users = portal.users.filter(is_active=True).order_by("first_name", "last_name", "username")
    return [user for user in users if right(user)][:MAX_NAMES]


def _sees_addresses(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and permissions.may_see_addresses(user)


def _address_after_sign_in(request: HttpRequest) -> str:
    """Return where sign-in leads back to: a POST is not repeated, so the page it was sent from."""
    is_asked_for = request.method in {"GET", "HEAD"}
    return request.get_full_path() if is_asked_for else _page_sent_from(request)


def _page_sent_from(request: HttpRequest) -> str:
    """Return the page of ours that a form stood on, "/" where the browser does not say."""
    came_from = request.headers.get("Referer", "")
    # Anybody can write this header, so no word of another site is followed.
    if not _is_ours(came_from, request):
        return "/"
    parts = urlsplit(came_from)
    address = urlunsplit(("", "", parts.path, parts.query, ""))
    return address if address.startswith("/") and _is_ours(address, request) else "/"


def _is_ours(address: str, request: HttpRequest) -> bool:
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
