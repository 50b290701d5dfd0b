"""The first page after sign-in: by role, what there is and where to go."""

from django.http import HttpResponse
from django.shortcuts import render

from lrm import access, panels, permissions
from lrm.models import Learner, User

RECENT = 6


@access.require(
    permissions.may_see_settings,
    explanation="Your account belongs to no portal, so there is nothing to show.",
)
def home(request: access.SignedInRequest) -> HttpResponse:
    """Show the cards that the person's rights and the registered apps provide."""
    rendered = [panel.render(request) for panel in panels.dashboard_panels(request.user)]
    context = {
        "dashboard_panels": [html for html in rendered if html],
        "figures": _figures(request.user),
        "recent": _recent(request.user),
        "may_see_learners": permissions.may_see_learners(request.user),
        "may_run_finance_reports": permissions.may_run_finance_reports(request.user),
        "may_see_connected_apps": permissions.may_see_connected_apps(request.user),
    }
    return render(request, "lrm/dashboard.html", context)


def _figures(user: User) -> list[tuple[str, int]]:
    """Return label and count of what the person works with."""
    if user.portal is None or not permissions.may_see_learners(user):
        return []
    learners = user.portal.learners
    return [
        ("Learners", learners.count()),
        ("Set to sync to Xero", learners.filter(sync_to_xero=True).count()),
    ]


def _recent(user: User) -> list[Learner]:
    if user.portal is None or not permissions.may_see_learners(user):
        return []
    return list(user.portal.learners.order_by("-updated_at", "-id")[:RECENT])
