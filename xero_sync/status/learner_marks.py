"""How learners of a list stand with Xero, in a word each: two queries for a whole page."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from connected_apps import queries as connections
from invoices.models import Contact, ContactLink
from lrm import access, panels, permissions
from xero_sync.contacts import learner_outlook
from xero_sync.models import ContactPush, PushState
from xero_sync.store import identity_facts

_STUCK = {PushState.REFUSED: "bad", PushState.QUESTION: "warn"}
_IN_XERO = panels.Mark("ok", str(PushState.DONE.label))
_ARCHIVED = panels.Mark("warn", learner_outlook.Standing.ARCHIVED.value)


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
    archived = Contact.objects.filter(
        organisation=organisation, xero_id=OuterRef("contact_xero_id")
    ).exclude(status=identity_facts.ACTIVE)
    linked = ContactLink.objects.filter(organisation=organisation, learner_id__in=learner_ids)
    linked = linked.annotate(is_archived=Exists(archived)).order_by("-is_archived")
    marks = {
        learner_id: panels.Mark("busy", "Waiting")
        for learner_id, state in pushes.items()
        if state != PushState.DONE
    }
    # Whoever has an active contact besides is in Xero: those come last.
    for learner_id, is_archived in linked.values_list("learner_id", "is_archived"):
        marks[learner_id] = _ARCHIVED if is_archived else _IN_XERO
    for learner_id, state in pushes.items():
        if state in _STUCK:
            marks[learner_id] = panels.Mark(_STUCK[PushState(state)], str(PushState(state).label))
    return marks
