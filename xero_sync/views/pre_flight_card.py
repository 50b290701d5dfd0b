"""The line above a learner's tabs that says what its contact in Xero will lack."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps import queries
from lrm import access, panels, permissions
from lrm.models import Learner
from xero_sync.contacts import pre_flight


def register() -> None:
    """Put the line above the tabs of a learner, below what its contact waits for."""
    panels.add_learner_card(
        panels.LearnerCard(
            name="xero_pre_flight", right=permissions.may_see_learners, render=card, order=60
        )
    )


def card(request: access.SignedInRequest, learner: Learner) -> SafeString | None:
    """Return the line, or None where nothing is missing or the learner does not go to Xero."""
    missing = pre_flight.missing(learner) if learner.sync_to_xero else []
    if not missing or queries.current_organisation(request.portal) is None:
        return None
    context = {
        "learner": learner,
        "blocking": [each for each in missing if each.blocks],
        "lacking": [each.words for each in missing if not each.blocks],
    }
    return render_to_string("xero_sync/pre_flight.html", context, request=request)
