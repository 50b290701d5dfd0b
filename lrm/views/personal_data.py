"""What is held on a learner: exported as a file, and erased after the number is typed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from lrm import access, permissions
from lrm.models import Learner
from lrm.personal_data import erasure, export, holdings

_require_keeper = access.require(
    permissions.may_manage_personal_data,
    explanation="Everything held on a learner is exported and erased by portal admins.",
)


@_require_keeper
@require_safe
def show(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Say what an export holds, what an erasure does, and what stays."""
    return _page(request, _learner(request, learner_id))


@_require_keeper
@require_POST
def give_out(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Answer everything held on the learner as a file; the trail says who asked."""
    learner = _learner(request, learner_id)
    text = export.export_of(
        learner=learner, portal=request.portal, by=request.user, now=timezone.now()
    )
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="learner-{learner.pk}.json"'
    return answer


@_require_keeper
@require_POST
def erase(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Erase the learner where the number was typed."""
    learner = _learner(request, learner_id)
    try:
        erasure.erase(
            learner=learner,
            portal=request.portal,
            confirmed=request.POST.get("number", ""),
            by=request.user,
            now=timezone.now(),
        )
    except erasure.NotConfirmed:
        return _page(request, learner, is_wrong=True)
    messages.success(request, "The learner was erased.")
    return redirect("learners")


def _learner(request: access.SignedInRequest, learner_id: int) -> Learner:
    return get_object_or_404(request.portal.learners, id=learner_id)


def _page(
    request: access.SignedInRequest, learner: Learner, *, is_wrong: bool = False
) -> HttpResponse:
    context = {"learner": learner, "stays": holdings.what_stays(), "is_wrong": is_wrong}
    return render(request, "lrm/personal_data.html", context, status=422 if is_wrong else 200)
