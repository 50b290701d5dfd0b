"""The line that every page with documents shows below its heading."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from connected_apps import freshness
from lrm import permissions

register = template.Library()


@register.simple_tag(takes_context=True)
def freshness_line(context: dict[str, Any], fresh: freshness.Freshness | None = None) -> SafeString:
    """Return how fresh and complete the portal's documents are, renewing itself.

    :param fresh: what the view has asked for already, so that it is not asked twice.
    """
    request = context["request"]
    fresh = fresh or freshness.of(request.portal, now=timezone.now())
    return render_to_string(
        "connected_apps/freshness.html", context_of(request.user, fresh), request=request
    )


def context_of(user: Any, fresh: freshness.Freshness) -> dict[str, Any]:
    """Return what the template needs; the view that renews the line uses it too."""
    return {
        "fresh": fresh,
        "sees_connected_apps": permissions.may_see_connected_apps(user),
        "renews": "every 5s" if fresh.condition == freshness.Condition.FIRST_SYNC else "every 15s",
    }
