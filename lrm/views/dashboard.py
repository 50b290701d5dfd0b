"""The first page after sign-in: by role, what there is and where to go."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString

from lrm import access, panels, permissions
from lrm.learner_accounts import own_learner
from lrm.models import Learner, User

RECENT = 6


def home(request: HttpRequest) -> HttpResponseBase:
    """Show the dashboard; learners go on to their own documents."""
    user = request.user
    if user.is_authenticated and own_learner.is_learner(user):
        return redirect("my_invoices")
    return _dashboard(request)


@access.require(
    permissions.may_see_settings,
    explanation="Your account belongs to no portal, so there is nothing to show.",
)
def _dashboard(request: access.SignedInRequest) -> HttpResponse:
    """Show the cards that the person's rights and the registered apps provide."""
    places: dict[str, list[SafeString]] = {"top": [], "main": [], "aside": []}
    for panel in panels.dashboard_panels(request.user):
        if html := panel.render(request):
            places[panel.place].append(html)
    context = {
        "places": places,
        "recent": _recent(request.user),
        "may_see_learners": permissions.may_see_learners(request.user),
    }
    return render(request, "lrm/dashboard.html", context)


def _recent(user: User) -> list[Learner]:
    if user.portal is None or not permissions.may_see_learners(user):
        return []
    return list(user.portal.learners.order_by("-updated_at", "-id")[:RECENT])
