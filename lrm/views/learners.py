"""Learners: list, add, profile, edit. Every query starts from the portal of the request."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from lrm import access, panels, permissions
from lrm.batch_jobs import job_queue, kinds
from lrm.learner_accounts import own_page_card
from lrm.learner_imports import import_job
from lrm.models import Learner
from lrm.roster import bulk_ticks, forms, learner_list, learners

_EXPLANATION = "Learners and their documents are for people who work with learners."
_require_learners = access.require(permissions.may_see_learners, explanation=_EXPLANATION)
MAX_SEARCH = 200


@_require_learners
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List learners, searched and paged. With htmx only the table is answered."""
    query = list_query(request.GET)
    found = learner_list.learners_matching(
        portal=request.portal, text=query["q"], is_ticked=query["is_ticked"]
    )
    cursors = {name: _cursor(request.GET.get(name)) for name in ("after", "before")}
    page = learner_list.page_of(
        found,
        portal=request.portal,
        after=cursors["after"],
        before=cursors["before"],
    )
    count, more = learner_list.count_up_to_limit(found)
    marks = panels.learner_marks(request, [learner.pk for learner in page.learners])
    context = {
        "page": page,
        "rows": [(learner, marks.get(learner.pk)) for learner in page.learners],
        "count": count,
        "more": more,
        "all_chosen": request.GET.get("choose") == "page",
        "jobs": _open_jobs(request),
        **query,
        **cursors,
    }
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
        "may_manage_data": permissions.may_manage_personal_data(request.user),
        "own_page": own_page_card.of(learner, request.portal),
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


def list_query(given: QueryDict) -> dict[str, Any]:
    """Return what the list was asked for, and as an address's query for its links."""
    text = given.get("q", "")[:MAX_SEARCH].replace("\x00", "")
    sync = given.get("sync", "")
    is_ticked = {"on": True, "off": False}.get(sync)
    asked = {"q": text, "sync": sync if is_ticked is not None else ""}
    found = urlencode({name: value for name, value in asked.items() if value})
    return {**asked, "is_ticked": is_ticked, "query": f"{found}&" if found else ""}


def _open_jobs(request: access.SignedInRequest) -> list[tuple[int, str]]:
    """Return the jobs on learners that are under way, by id and title."""
    names = (bulk_ticks.KIND, import_job.KIND)
    jobs = job_queue.open_jobs(portal=request.portal, names=names)
    return [(job.pk, kinds.of(job).title(job)) for job in jobs]


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
    except learners.LearnerNumberErased:
        form.say_number_was_erased()
        return None
    except learners.LearnerNumberTaken:
        form.say_number_is_taken()
        return None


def _cursor(value: str | None) -> int | None:
    """Return a cursor from the address; nonsense counts as none."""
    if not value or not value.isascii() or not value.isdigit():
        return None
    # 18 digits fit PostgreSQL's bigint whatever they are.
    return int(value) if len(value) <= 18 else None
