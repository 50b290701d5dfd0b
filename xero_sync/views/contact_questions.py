"""The card above a learner's tabs that says what its contact in Xero waits for, and the answers.

It shows a question with the contact as Xero has it, or why Xero did not take the learner. While a
push is under way it asks again by itself, so that somebody who has just saved sees what came of it.
"""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from connected_apps import queries
from lrm import access, panels, permissions
from lrm.models import Learner
from xero_sync.contacts import contact_fields, questions

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Learners and their contacts in Xero are for people who work with learners.",
)
_ANSWERS = {"yes": True, "no": False}


def register() -> None:
    """Put the card above the tabs of a learner."""
    panels.add_learner_card(
        panels.LearnerCard(name="xero_contact", right=permissions.may_see_learners, render=card)
    )


def card(request: access.SignedInRequest, learner: Learner) -> SafeString | None:
    """Return the card, or None where nothing is asked, refused or under way."""
    outlook = questions.outlook_of(learner)
    if outlook is None or outlook.is_silent:
        return None
    context = {
        "learner": learner,
        "outlook": outlook,
        "is_answered": any(question.is_answered for question in outlook.questions),
        "own_name": contact_fields.contact_of(learner, unique_name=True)["Name"],
    }
    return render_to_string("xero_sync/contact_card.html", context, request=request)


@_require_learners
@require_safe
def show(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Answer the card alone, for a page that waits for a push to end."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    return HttpResponse(card(request, learner) or "")


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
        )
    except questions.NoSuchQuestion:
        messages.warning(
            request,
            "Nothing was changed: this was answered already, or has changed in Xero meanwhile.",
        )
    else:
        says = "this is" if is_same_person else "this is not"
        messages.success(request, f"Saved for the contact {contact.name}: {says} {learner}.")
    return redirect("learner_xero_invoices", learner.pk)
