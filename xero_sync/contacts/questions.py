"""What a person has to say: is this contact in Xero the learner?

Somebody answers yes, and the contact is linked, and the push goes on to it; or no, which is
remembered, and the push goes on without it. Until then nothing of the contact is shown on the
learner's page, and nothing is sent.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from connected_apps.models import Connection, Organisation
from connected_apps.states.states import LIVE
from invoices import identity
from invoices.models import Contact, ContactLink
from lrm.models import Learner, User
from xero_sync.contacts import link_acts, push_queue
from xero_sync.models import ContactPush, PushState
from xero_sync.store import (
    contact_links,
    contact_merges,
    identity_facts,
    identity_verdicts,
    link_decisions,
)


class NoSuchQuestion(Exception):
    """The question was answered meanwhile, or what it was about has changed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A contact of which a person has to say whether it is the learner.

    `is_answered` where somebody said no, and may think again because the push cannot go on.
    """

    contact: Contact
    why: identity.Why
    is_answered: bool = False

    @property
    def is_merged(self) -> bool:
        """Whether Xero merged a contact of the learner into this one."""
        merged = identity.Why.MERGED, identity.Why.MERGED_OTHER, identity.Why.MERGED_PORTAL
        return self.why in merged


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a learner stands with Xero: what is asked, what was refused, what is on its way."""

    organisation: Organisation
    questions: list[Question]
    problem: str
    is_under_way: bool

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to say, and nothing to wait for."""
        return not (self.questions or self.problem or self.is_under_way)


def outlook_of(learner: Learner) -> Outlook | None:
    """Return how a learner stands, None where no organisation is connected.

    One query where there is nothing to say, as for nearly every learner on every page.
    """
    connection = _connections(learner).first()
    if connection is None or connection.organisation is None:
        return None
    state = connection.push_state if learner.sync_to_xero else None
    is_stuck = state in (PushState.QUESTION, PushState.REFUSED)
    asked = []
    if connection.has_number or connection.has_merged or is_stuck:
        asked = of_learner(learner=learner, organisation=connection.organisation)
    return Outlook(
        organisation=connection.organisation,
        questions=asked,
        problem=connection.push_problem if state == PushState.REFUSED else "",
        is_under_way=state in push_queue.OPEN and connection.state in LIVE,
    )


def _connections(learner: Learner) -> QuerySet[Any]:
    """Return the portal's connection, with the push and whether there may be a question.

    There may, where a stranger has the number, or a contact of the learner was merged.
    """
    pushes = ContactPush.objects.filter(learner=learner)
    links = ContactLink.objects.filter(
        learner=learner,
        organisation=OuterRef("organisation"),
        contact_xero_id=OuterRef("xero_id"),
    )
    strangers = Contact.objects.filter(
        ~Exists(links),
        organisation=OuterRef("organisation"),
        contact_number=learner.number,
        status=identity_facts.ACTIVE,
    )
    merged = Contact.objects.filter(
        Exists(links),
        organisation=OuterRef("organisation"),
        merged_to_xero_id__isnull=False,
    )
    return (
        Connection.objects.filter(portal_id=learner.portal_id, app="xero")
        .select_related("organisation")
        .annotate(
            push_state=Subquery(pushes.values("state")),
            push_problem=Subquery(pushes.values("problem")),
            has_number=Exists(strangers),
            has_merged=Exists(merged),
        )
    )


def of_learner(*, learner: Learner, organisation: Organisation) -> list[Question]:
    """Return what a person has to say of a learner; first what its push waits for."""
    found: dict[UUID, Question] = {}
    if learner.sync_to_xero:
        found.update(_of_push(organisation, learner))
    rows = contact_merges.rows_of_learners(organisation, [learner.pk])
    asked = {
        each.contact_xero_id: each.verdict.why
        for each in identity_verdicts.candidates(organisation, rows)
        if each.verdict.is_question
    }
    contacts = Contact.objects.filter(organisation=organisation, xero_id__in=asked)
    # Of what was merged again the question is about what it became in the end.
    contacts = contacts.filter(Q(merged_to_xero_id=None) | Q(status=identity_facts.ACTIVE))
    for contact in contacts.order_by("id"):
        found.setdefault(contact.xero_id, Question(contact, asked[contact.xero_id]))
    return list(found.values())


def _of_push(organisation: Organisation, learner: Learner) -> dict[UUID, Question]:
    """Return what the learner's push waits for, if the rule still asks for it."""
    push = ContactPush.objects.filter(
        learner=learner, state__in=(PushState.QUESTION, PushState.REFUSED)
    ).first()
    if push is None or push.candidate_xero_id is None:
        return {}
    contact = Contact.objects.filter(
        organisation=organisation, xero_id=push.candidate_xero_id
    ).first()
    if contact is None:
        return {}
    row = identity_facts.Row(
        learner.pk,
        contact.xero_id,
        identity_facts.learner_facts(learner),
        identity_facts.contact_facts(contact),
    )
    is_refused = push.candidate_why == identity.Why.SAME_NAME.value
    verdict = identity_verdicts.candidates(organisation, [row], name_is_refused=is_refused)[
        0
    ].verdict
    if push.state == PushState.REFUSED and verdict.why is identity.Why.REJECTED:
        return {contact.xero_id: Question(contact, verdict.why, is_answered=True)}
    # What Xero merged is linked, but nothing is written over it before somebody says yes.
    may_be_asked = verdict.is_question or verdict.why is identity.Why.MERGED
    is_asked = push.state == PushState.QUESTION and may_be_asked
    return {contact.xero_id: Question(contact, verdict.why)} if is_asked else {}


def answer(
    *,
    learner: Learner,
    organisation: Organisation,
    contact_id: UUID,
    is_same_person: bool,
    by: User,
    now: datetime,
) -> Contact:
    """Take a person's answer, and let the learner's push go on; return the contact.

    :raises NoSuchQuestion: nobody is asked this any more.
    """
    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        open_questions = of_learner(learner=learner, organisation=organisation)
        asked = {question.contact.xero_id: question for question in open_questions}
        question = asked.get(contact_id)
        if question is None or (question.is_answered and not is_same_person):
            raise NoSuchQuestion
        act = link_acts.link if is_same_person else link_acts.unlink
        try:
            act(learner=learner, organisation=organisation, contact_id=contact_id, by=by, now=now)
        except link_decisions.NotPossible as error:
            raise NoSuchQuestion from error
    return question.contact
