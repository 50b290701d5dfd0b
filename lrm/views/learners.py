"""Learners: list, add, profile, edit. Every query starts from the portal of the request."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from lrm import access, forms, learner_list, learners, permissions
from lrm.models import Learner

_EXPLANATION = "Learners and their documents are for people who work with learners."
_require_learners = access.require(permissions.may_see_learners, explanation=_EXPLANATION)
MAX_SEARCH = 200


@_require_learners
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List learners, searched and paged. With htmx only the table is answered."""
    text = request.GET.get("q", "")[:MAX_SEARCH].replace("\x00", "")
    found = learner_list.learners_matching(portal=request.portal, text=text)
    page = learner_list.page_of(
        found,
        portal=request.portal,
        after=_cursor(request.GET.get("after")),
        before=_cursor(request.GET.get("before")),
    )
    count, more = learner_list.count_up_to_limit(found)
    context = {"page": page, "q": text, "count": count, "more": more}
    partial = request.htmx and not request.htmx.history_restore_request
    template = "lrm/learner_table.html" if partial else "lrm/learners.html"
    return render(request, template, context)


@_require_learners
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: access.SignedInRequest) -> HttpResponse:
    """Show the empty form, or create the learner."""
    form = forms.LearnerForm(request.POST or None, portal=request.portal)
    if request.method == "POST":
        saved = _save(request, form, None)
        if saved is not None:
            messages.success(request, f"{saved.full_name} was added.")
            return redirect("learner", saved.id)
    status = 422 if form.is_bound else 200
    return render(request, "lrm/learner_form.html", {"form": form}, status=status)


@_require_learners
@require_safe
def profile(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Show the learner's details."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    context = {
        "learner": learner,
        "changes": learner.changes.select_related("by")[:5],
    }
    return render(request, "lrm/learner.html", context)


@_require_learners
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Show the form with the learner's details, or save them."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    form = forms.LearnerForm(request.POST or None, portal=request.portal, learner=learner)
    if request.method == "POST":
        saved = _save(request, form, learner)
        if saved is not None:
            messages.success(request, "Your changes were saved.")
            return redirect("learner", saved.id)
    context = {"form": form, "learner": learner}
    status = 422 if form.is_bound else 200
    return render(request, "lrm/learner_form.html", context, status=status)


def _save(
    request: access.SignedInRequest, form: forms.LearnerForm, learner: Learner | None
) -> Learner | None:
    """Save what the form holds; None when it has errors, which then stand in the form."""
    if not form.is_valid():
        return None
    try:
        return learners.save_learner(
            portal=request.portal,
            details=form.details(),
            by=request.user,
            now=timezone.now(),
            learner=learner,
        )
    except learners.LearnerNumberTaken:
        form.say_number_is_taken()
        return None


def _cursor(value: str | None) -> int | None:
    """Return a cursor from the address; nonsense counts as none."""
    if not value or not value.isascii() or not value.isdigit():
        return None
    # 18 digits fit PostgreSQL's bigint whatever they are.
    return int(value) if len(value) <= 18 else None
