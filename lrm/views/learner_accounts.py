"""Inviting a learner to see their own documents, and ending that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from lrm import access, permissions
from lrm.learner_accounts import invitations

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="People who work with learners invite them to see their own documents.",
)


@_require_learners
@require_POST
def invite(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Mail a learner the link to set a password."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    try:
        account = invitations.invite(
            learner=learner, portal=request.portal, by=request.user, now=timezone.now()
        )
    except invitations.CannotInvite as why:
        messages.error(request, str(why))
    else:
        messages.success(
            request,
            f"A link to set a password was sent to {account.user.email}. It works once.",
        )
    return redirect("learner", learner.pk)


@_require_learners
@require_POST
def end(request: access.SignedInRequest, learner_id: int) -> HttpResponse:
    """Let a learner sign in no more; where they are signed in, that ends at once."""
    learner = get_object_or_404(request.portal.learners, id=learner_id)
    if invitations.end(learner=learner, portal=request.portal, by=request.user, now=timezone.now()):
        messages.success(request, f"{learner.full_name} cannot sign in any more.")
    return redirect("learner", learner.pk)
