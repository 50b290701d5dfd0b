"""Setting *Sync to Xero* for many learners from the list: first what it would do, then the act."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from lrm import access, permissions
from lrm.models import Learner
from lrm.roster import bulk_ticks, learner_list
from lrm.views.learners import list_query

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Learners and their documents are for people who work with learners.",
)
# As many as a page shows, with room to spare.
_MOST_CHOSEN = 200


@_require_learners
@require_POST
def set_ticks(request: access.SignedInRequest) -> HttpResponse:
    """Say what would happen; with `confirmed` do it."""
    chosen = _chosen(request)
    wanted = request.POST.get("set")
    if chosen is None or wanted not in {"on", "off"}:
        messages.warning(
            request, "Nobody was chosen. Tick the boxes in front of learners, or choose all."
        )
        return redirect("learners")
    tick = wanted == "on"
    if "confirmed" in request.POST:
        return _set(request, chosen, tick)
    context = {
        "preview": bulk_ticks.preview(learners=chosen, tick=tick),
        "tick": tick,
        "scope": request.POST.get("scope"),
        "chosen_ids": _chosen_ids(request),
        "at_once": bulk_ticks.AT_ONCE,
        **list_query(request.POST),
    }
    return render(request, "lrm/learner_ticks.html", context)


def _set(request: access.SignedInRequest, chosen: QuerySet[Learner], tick: bool) -> HttpResponse:
    result = bulk_ticks.set_ticks(
        portal=request.portal, learners=chosen, tick=tick, by=request.user, now=timezone.now()
    )
    if result.job is not None:
        return redirect("job", result.job.pk)
    messages.success(request, bulk_ticks.sentence(tick=tick, changed=result.changed))
    return redirect("learners")


def _chosen(request: access.SignedInRequest) -> QuerySet[Learner] | None:
    """Return the learners that were chosen; None where nobody was."""
    if request.POST.get("scope") == "all":
        query = list_query(request.POST)
        return learner_list.learners_matching(
            portal=request.portal, text=query["q"], is_ticked=query["is_ticked"]
        )
    learner_ids = _chosen_ids(request)
    return request.portal.learners.filter(id__in=learner_ids) if learner_ids else None


def _chosen_ids(request: access.SignedInRequest) -> list[int]:
    values = request.POST.getlist("learner")[:_MOST_CHOSEN]
    # 18 digits fit PostgreSQL's bigint whatever they are.
    return [
        int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19
    ]
