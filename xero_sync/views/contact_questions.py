"""The card above a learner's tabs: how the learner stands with Xero, *Sync now*, and the questions.

It says in words whether the learner is in Xero and under what name, what keeps it from there, and
what is asked. While something is under way it asks again by itself, so that somebody who has just
saved, or pressed *Sync now*, sees what came of it.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from connected_apps import queries
from lrm import access, panels, permissions
from lrm.models import Learner
from xero_sync.contact_tabs import holds
from xero_sync.contacts import contact_fields, learner_outlook, learner_refreshes, questions
from xero_sync.contacts.learner_outlook import Outlook
from xero_sync.status import learner_words

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Learners and their contacts in Xero are for people who work with learners.",
)
_ANSWERS = {"yes": True, "no": False}
_SAID = {
    learner_refreshes.Answer.STARTED: "Reading from Xero. The result shows here in a moment.",
    learner_refreshes.Answer.UNDER_WAY: "This learner is being read already.",
    learner_refreshes.Answer.TOO_SOON: "This learner was read a moment ago.",
}


def register() -> None:
    """Put the card above the tabs of a learner."""
    panels.add_learner_card(
        panels.LearnerCard(name="xero_contact", right=permissions.may_see_learners, render=card)
    )


def card(request: access.SignedInRequest, learner: Learner) -> SafeString | None:
    """Return the card, or None where Xero was never connected and nothing is to be sent."""
    outlook = learner_outlook.outlook_of(learner)
    if outlook.organisation is None and not learner.sync_to_xero:
        return None
    return render_to_string("xero_sync/contact_card.html", _context(request, outlook), request)


def _context(request: access.SignedInRequest, outlook: Outlook) -> dict[str, Any]:
    now, learner = timezone.now(), outlook.learner
    right = permissions.may_manage_connected_apps
    must_name = learner_words.needs_manager(outlook)
    managers = access.people_with(right, portal=request.portal) if must_name else []
    return {
        "learner": learner,
        "outlook": outlook,
        "look": learner_words.LOOKS[outlook.standing],
        "sentence": learner_words.sentence(outlook, managers=managers, now=now),
        "refreshed": learner_words.refreshed(outlook.refresh, now=now),
        "own_name": contact_fields.contact_of(learner, unique_name=True)["Name"],
    }


@_require_learners
@require_safe
def show(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Answer the card alone, for a page that waits: 204 where it would say the same."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    outlook = learner_outlook.outlook_of(learner)
    if outlook.token == request.GET.get("seen"):
        return HttpResponse(status=204)
    return _live(request, outlook)


def _live(request: access.SignedInRequest, outlook: Outlook, said: str = "") -> HttpResponse:
    """Return the card for an open page, with what people who listen are told."""
    context = _context(request, outlook)
    if not said and not outlook.is_under_way:
        said = format_html("{}. {}", outlook.standing.value, context["refreshed"])
    return render(request, "xero_sync/contact_live.html", {**context, "said": said})


@_require_learners
@require_POST
def sync(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Read the learner's contact and documents from Xero now, and send what is owed."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    outlook = learner_outlook.outlook_of(learner)
    if outlook.organisation is None or not outlook.may_refresh:
        said = "Nothing was read: Sync now needs Xero to be connected and Sync to Xero ticked."
    else:
        answer = learner_refreshes.request(
            learner=learner,
            organisation=outlook.organisation,
            by=request.user,
            now=timezone.now(),
        )
        said = _SAID[answer]
    if request.htmx:
        return _live(request, learner_outlook.outlook_of(learner), said)
    messages.info(request, said)
    return redirect("learner_xero_invoices", learner.pk)


@_require_learners
@require_POST
def answer(request: access.SignedInRequest, learner_id: int, contact_id: UUID) -> HttpResponse:
    """Take an answer: yes, the contact is the learner, or no, it is somebody else."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    organisation = queries.current_organisation(request.portal)
    is_same_person = _ANSWERS.get(request.POST.get("answer", ""))
    if organisation is None:
        raise Http404
    if is_same_person is None:
        return HttpResponseBadRequest("The answer is yes or no.")
    try:
        contact = questions.answer(
            learner=learner,
            organisation=organisation,
            contact_id=contact_id,
            is_same_person=is_same_person,
            by=request.user,
            now=timezone.now(),
            seen=request.POST.get("about", ""),
        )
    except questions.NoSuchQuestion:
        messages.warning(
            request,
            "Nothing was changed: this was answered already, or the learner or the contact has"
            " changed since the page was opened.",
        )
    else:
        says = "this is" if is_same_person else "this is not"
        # The question has not named a contact of another portal's learner, nor does this.
        is_hidden = holds.is_not_to_be_seen(organisation, contact.xero_id)
        of = "" if is_hidden else f" for the contact {contact.name}"
        messages.success(request, f"Saved{of}: {says} {learner}.")
    return redirect("learner_xero_invoices", learner.pk)
