"""The bell in the header and the page of all notices."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lrm import access, notices, permissions
from lrm.learner_accounts import own_learner

MAX_SHOWN = 100
_require_portal = access.require(permissions.may_see_settings)


@_require_portal
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List the newest hundred notices."""
    shown = notices.of_user(request.user)[:MAX_SHOWN]
    return render(request, "lrm/notices.html", {"notices": shown, "max_shown": MAX_SHOWN})


@never_cache
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Answer the bell alone, for the page that looks after it now and then.

    Also to users without a portal, whose pages have one too.
    """
    if not request.user.is_authenticated:
        return access.to_sign_in(request)
    if own_learner.is_learner(request.user):
        return access.not_allowed(request, right=permissions.may_see_settings)
    return render(request, "partials/bell.html")


@_require_portal
@require_POST
def read(request: access.SignedInRequest) -> HttpResponse:
    """Mark everything read and stay on the page."""
    notices.mark_all_read(user=request.user, now=timezone.now())
    if request.htmx:
        return render(request, "partials/bell.html")
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}
    )
    # Not `redirect`, which takes a word for the name of a page.
    return HttpResponseRedirect(target) if is_ours else redirect("notices")
