"""The page of a contact in Xero, and what people say there and on a learner's page of documents
billed to others.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from connected_apps import book_days
from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices.covering import covers
from invoices.listing import paging
from invoices.pages import contact_page
from lrm import access, permissions

_ANSWERS = {"yes": True, "no": False, "undo": None}
_EDGES = ("after", "before")

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Contacts in Xero and their documents are for people who work with learners.",
)


@_require_learners
@require_safe
def contact(request: access.SignedInRequest, contact_id: int) -> HttpResponse:
    """Show a contact with its documents, and ask whom these cover."""
    organisation = connections.current_organisation(request.portal)
    found = contact_page.contact_of(organisation=organisation, contact_id=contact_id)
    if organisation is None or found is None:
        raise Http404
    only_waiting = request.GET.get("show") == "waiting"
    page = contact_page.page_of(
        found,
        organisation=organisation,
        today=book_days.today_of(
            portal=request.portal, organisation=organisation, now=timezone.now()
        ),
        after=paging.edge_from(request.GET.get("after", "")),
        before=paging.edge_from(request.GET.get("before", "")),
        only_waiting=only_waiting,
    )
    context = {
        "page": page,
        "contact": page.contact,
        "organisation": organisation,
        "only_waiting": only_waiting,
        "show_query": "show=waiting&" if only_waiting else "",
        "here_query": _place(request),
        "sees_contacts": permissions.may_see_connected_apps(request.user),
        "opens_xero": permissions.may_read_synced_invoices(request.user),
    }
    return render(request, "invoices/contact.html", context)


@_require_learners
@require_POST
def contact_covers(request: access.SignedInRequest, contact_id: int) -> HttpResponse:
    """Take what a person says on a contact's page, and show that page again where it was."""
    organisation = connections.current_organisation(request.portal)
    found = contact_page.contact_of(organisation=organisation, contact_id=contact_id)
    if organisation is None or found is None:
        raise Http404
    if (pairs := _pairs(request)) is None:
        return _not_understood()
    _take(request, organisation, pairs)
    place = _place(request)
    return redirect(reverse("contact", args=[contact_id]) + (f"?{place}" if place else ""))


@_require_learners
@require_POST
def learner_covers(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Take what a person says on a learner's page."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        raise Http404
    if (pairs := _pairs(request)) is None:
        return _not_understood()
    _take(request, organisation, [pair for pair in pairs if pair[1] == learner.pk])
    return redirect("learner_xero_invoices", learner.pk)


def _take(
    request: access.SignedInRequest, organisation: Organisation, pairs: Sequence[covers.Pair]
) -> None:
    """Keep or take back what was said, and tell what became of it."""
    is_covered, by, now = _ANSWERS[request.POST["answer"]], request.user, timezone.now()
    if is_covered is None:
        done = covers.take_back(organisation=organisation, pairs=pairs, by=by, now=now)
    else:
        done = covers.answer(
            organisation=organisation, pairs=pairs, is_covered=is_covered, by=by, now=now
        )
    if done:
        messages.success(request, _in_words(done, is_covered))
    if len(done) < max(len(set(pairs)), 1):
        unchanged = "The rest was not changed" if done else "Nothing was changed"
        messages.warning(
            request,
            f"{unchanged}: it was answered already, or has changed in Xero meanwhile.",
        )


def _in_words(done: Sequence[covers.Said], is_covered: bool | None) -> str:
    verb = {True: "covers", False: "does not cover", None: ""}[is_covered]
    one = done[0]
    if is_covered is None:
        what = (
            f"{one.document.name} and {one.learner}" if len(done) == 1 else f"{len(done)} answers"
        )
        return f"Taken back: {what}."
    if len(done) == 1:
        said = f"{one.document.name} {verb} {one.learner}."
    else:
        said = f"{len(done)} times that a document {verb} the learner it names."
    after = " It shows on the learner's page, outside the balance." if is_covered else ""
    return f"Saved: {said}{after}"


def _pairs(request: HttpRequest) -> list[covers.Pair] | None:
    """Return the documents and learners that a form names, or None where it is no such form."""
    given = request.POST.getlist("mention")
    matches = [re.fullmatch(r"(\d{1,18})-(\d{1,18})", each, re.ASCII) for each in given]
    is_whole = bool(given) and len(given) <= contact_page.MOST_ASKED and all(matches)
    if not is_whole or request.POST.get("answer") not in _ANSWERS:
        return None
    return [(int(match[1]), int(match[2])) for match in matches if match]


def _not_understood() -> HttpResponse:
    return HttpResponseBadRequest("The answer is yes, no or undo, of documents and learners.")


def _place(request: HttpRequest) -> str:
    """Return the part of an address that says which documents of the contact show.

    Of those that wait for an answer the first ones are others once these are answered.
    """
    if request.GET.get("show") == "waiting":
        return "show=waiting"
    return urlencode({name: request.GET[name] for name in _EDGES if request.GET.get(name)})
