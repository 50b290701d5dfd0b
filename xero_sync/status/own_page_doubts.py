"""While it is not sure who a learner is in Xero, their own page shows nothing.

That is while a person is asked, and where a merge in Xero alone brought a contact that agrees in
nothing with the learner: staff see its documents, since accounts said so, but it may be an
employer's or anybody's, with what it owes for others. A person's yes ends that.
"""

from uuid import UUID

from django.db.models import Exists, OuterRef

from connected_apps.models import Organisation
from invoices.models import ContactLink, CoverDecision, Document
from invoices.own_page import own_documents
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.models import ContactPush, ContactQuestion, PushState
from xero_sync.store import identity_facts, identity_verdicts


def is_asked(learner: Learner, organisation: Organisation) -> bool:
    """Return whether a question about this learner waits, of a contact or of a push."""
    asked = ContactQuestion.objects.filter(learner=learner, organisation=organisation)
    waiting = ContactPush.objects.filter(learner=learner, state=PushState.QUESTION)
    return asked.exists() or waiting.exists()


def is_merged_into_a_stranger(learner: Learner, organisation: Organisation) -> bool:
    """Return whether a merge alone links the learner to what may be somebody else's.

    The rule is that for writing over a contact: name or e-mail agree, or a person said so. Nor is
    one who pays for other learners only this learner, whatever agrees.
    """
    links = ContactLink.objects.filter(
        learner=learner, organisation=organisation, evidence=identity.Why.MERGED.value
    )
    winners = list(links.values_list("contact_xero_id", flat=True))
    if not winners:
        return False
    rows = identity_facts.rows_of_pairs(organisation, [(learner.pk, each) for each in winners])
    candidates = identity_verdicts.candidates(organisation, rows)
    agreeing = {each.contact_xero_id for each in candidates if each.may_write}
    return not agreeing.issuperset(winners) or _cover_others(winners, learner, organisation)


def _cover_others(contact_ids: list[UUID], learner: Learner, organisation: Organisation) -> bool:
    """Return whether a person said of a document of these contacts that it covers another."""
    documents = Document.objects.filter(
        organisation=organisation,
        contact_xero_id__in=contact_ids,
        kind=OuterRef("kind"),
        xero_id=OuterRef("document_xero_id"),
    )
    said = CoverDecision.objects.filter(Exists(documents), organisation=organisation)
    return said.filter(is_covered=True).exclude(learner=learner).exists()


def register() -> None:
    """Have the learner's own page ask."""
    own_documents.register_doubt(is_asked)
    own_documents.register_doubt(is_merged_into_a_stranger)
