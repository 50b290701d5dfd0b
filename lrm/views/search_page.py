"""The search in the header: one box for whatever the registered groups find."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from lrm import access, panels, permissions

MAX_SEARCH = 200


@access.require(
    permissions.may_see_learners,
    explanation="Learners and their invoices are found by people who work with learners.",
)
@require_safe
def search(request: access.SignedInRequest) -> HttpResponse:
    """Open what was typed in full; else list what begins so, in groups."""
    text = request.GET.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip()
    if not text:
        return render(request, "lrm/search.html", {"q": "", "groups": []})
    groups = [
        (group.label, group.find(request, text)) for group in panels.search_groups(request.user)
    ]
    exact = [found.exact for _, found in groups if found.exact]
    if len(exact) == 1:
        return redirect(exact[0])
    filled = [(label, found) for label, found in groups if found.hits]
    context = {
        "q": text,
        "groups": filled,
        "count": sum(len(found.hits) for _, found in filled),
        "notes": [] if filled else _notes(request, text),
    }
    return render(request, "lrm/search.html", context)


def _notes(request: access.SignedInRequest, text: str) -> list[str]:
    rendered = (note.render(request, text) for note in panels.search_notes())
    return [html for html in rendered if html]
