"""The line of freshness by itself, for pages that stay open."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import freshness
from connected_apps.templatetags.freshness import context_of
from lrm import access, permissions


@access.require(
    permissions.may_see_documents,
    explanation="How fresh documents are is for people who work with them.",
)
@require_safe
def show(request: access.SignedInRequest) -> HttpResponse:
    """Answer 204 where the line is as it was, else the line; a new condition is also spoken."""
    fresh = freshness.of(request.portal, now=timezone.now())
    if fresh.mark == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {
        **context_of(request.user, fresh),
        "is_news": fresh.condition != request.GET.get("condition"),
    }
    return render(request, "connected_apps/freshness_live.html", context)
