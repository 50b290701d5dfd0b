"""What a person has to say: is this contact in Xero the learner?

Somebody answers yes, and the contact is linked, and the push goes on to it; or no, which is
remembered, and the push goes on without it. Until then nothing of the contact is shown on the
learner's page, and nothing is sent.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices import identity
from invoices.models import Contact
from lrm.models import Learner, LearnerChange, User
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState
from xero_sync.store import contact_links, identity_facts, identity_verdicts, link_history


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


def of_learner(*, learner: Learner, organisation: Organisation) -> list[Question]:
    """Return what a person has to say of a learner; first what its push waits for."""
    found: dict[UUID, Question] = {}
    if learner.sync_to_xero:
        found.update(_of_push(organisation, learner))
    rows = identity_facts.rows_of_learners(organisation, [learner.pk])
    asked = {
        each.contact_xero_id: each.verdict.why
        for each in identity_verdicts.candidates(organisation, rows)
        if each.verdict.is_question
    }
    contacts = Contact.objects.filter(organisation=organisation, xero_id__in=asked)
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
    verdict = identity_verdicts.candidates(organisation, [row], name_is_refused=True)[0].verdict
    if push.state == PushState.REFUSED and verdict.why is identity.Why.REJECTED:
        return {contact.xero_id: Question(contact, verdict.why, is_answered=True)}
    is_asked = push.state == PushState.QUESTION and verdict.is_question
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
        link_history.decide(
            organisation=organisation,
            learner_id=learner.pk,
            contact_id=contact_id,
            is_same_person=is_same_person,
            by=by,
            now=now,
        )
        if is_same_person:
            contact_links.derive_everywhere(organisation, [contact_id], now=now)
        LearnerChange.objects.create(learner=learner, by=by, at=now, fields=["contact in Xero"])
        if learner.sync_to_xero:
            push_queue.request(learner=learner, now=now)
    return question.contact
