"""How learners of a list stand with Xero, in a word each: two queries for a whole page."""

from collections.abc import Sequence

from connected_apps import queries as connections
from invoices.models import ContactLink
from lrm import access, panels, permissions
from xero_sync.models import ContactPush, PushState

_STUCK = {PushState.REFUSED: "bad", PushState.QUESTION: "warn"}


def register() -> None:
    """Put the words into the list of learners."""
    panels.add_learner_mark(
        panels.LearnerMarks(name="xero", right=permissions.may_see_learners, give=marks_of)
    )


def marks_of(request: access.SignedInRequest, learner_ids: Sequence[int]) -> dict[int, panels.Mark]:
    """Return the word of each learner of whom there is one: what is stuck before what is well."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return {}
    pushes = dict(
        ContactPush.objects.filter(
            learner__portal=request.portal, learner_id__in=learner_ids
        ).values_list("learner_id", "state")
    )
    linked = ContactLink.objects.filter(organisation=organisation, learner_id__in=learner_ids)
    marks = {
        learner_id: panels.Mark("busy", "Waiting")
        for learner_id, state in pushes.items()
        if state != PushState.DONE
    }
    for learner_id in linked.values_list("learner_id", flat=True):
        marks[learner_id] = panels.Mark("ok", str(PushState.DONE.label))
    for learner_id, state in pushes.items():
        if state in _STUCK:
            marks[learner_id] = panels.Mark(_STUCK[PushState(state)], str(PushState(state).label))
    return marks
