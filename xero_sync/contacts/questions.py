"""What a person has to say: is this contact in Xero the learner?

Somebody answers yes, and the contact is linked, and the push goes on to it; or no, which is
remembered, and the push goes on without it. Until then nothing of the contact is shown on the
learner's page, and nothing is sent.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules import identity
from lrm.models import Learner, User
from xero_sync.contacts import link_acts
from xero_sync.models import ContactPush, PushState
from xero_sync.store import (
    contact_links,
    contact_merges,
    identity_facts,
    identity_verdicts,
    link_decisions,
)


class NoSuchQuestion(Exception):
    """The question was answered meanwhile, or what it is about has changed since it was shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """A contact of which a person has to say whether it is the learner.

    `is_answered` where somebody said no, and may think again because the push cannot go on.
    """

    contact: Contact
    why: identity.Why
    is_answered: bool = False
    about: str = ""

    @property
    def is_merged(self) -> bool:
        """Whether Xero merged a contact of the learner into this one."""
        merged = identity.Why.MERGED, identity.Why.MERGED_OTHER, identity.Why.MERGED_PORTAL
        return self.why in merged


def about(learner: Learner, contact: Contact) -> str:
    """Return a mark of what somebody sees who is asked, and that an answer is good for.

    A page may stay open for hours, while somebody in Xero makes the contact another person's.
    """
    shown = (
        *(learner.number, learner.given_name, learner.family_name, learner.email),
        *(contact.contact_number, contact.name, contact.email, contact.status),
    )
    return hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()


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
    return [
        dataclasses.replace(each, about=about(learner, each.contact)) for each in found.values()
    ]


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
    seen: str = "",
) -> Contact:
    """Take a person's answer, and let the learner's push go on; return the contact.

    :param seen: what the question was `about` when it was shown, where that is known.
    :raises NoSuchQuestion: nobody is asked this any more.
    """
    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        open_questions = of_learner(learner=learner, organisation=organisation)
        asked = {question.contact.xero_id: question for question in open_questions}
        question = asked.get(contact_id)
        if question is None or (question.is_answered and not is_same_person):
            raise NoSuchQuestion
        if seen and seen != question.about:
            raise NoSuchQuestion
        act = link_acts.link if is_same_person else link_acts.unlink
        try:
            act(learner=learner, organisation=organisation, contact_id=contact_id, by=by, now=now)
        except link_decisions.NotPossible as error:
            raise NoSuchQuestion from error
    return question.contact
