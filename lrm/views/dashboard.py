"""The first page after sign-in: by role, what there is and where to go."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from lrm import access, panels, permissions
from lrm.models import Learner, User

RECENT = 6


@access.require(
    permissions.may_see_settings,
    explanation="Your account belongs to no portal, so there is nothing to show.",
)
def home(request: access.SignedInRequest) -> HttpResponse:
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
