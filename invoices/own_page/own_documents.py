"""Which documents are a learner's own, for the learner: narrower than what staff see.

By the same links as staff's page, so that a link that ends takes its documents along, and without
what that withholds since a merge in Xero brought it from somebody else. Beyond that:

- Only what is approved shows. A draft may never be sent, and one that was voided or deleted asks
  for nothing: either would only worry somebody. A status that is not known here does not show.
- What is billed to others, such as an employer, does not show, whatever it covers.
- A contact that is linked to another learner as well, here or in another portal on the same Xero,
  shows to neither: nobody can tell here which documents are whose.
- While a question on who the learner is in Xero waits for a person, nothing shows at all; nor where
  Xero merged the learner's contact into one that does not agree, of which nobody is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet

from connected_apps.models import Organisation
from connected_apps.queries import current_organisation
from invoices import queries, words
from invoices.models import ContactLink, Document
from lrm import snapshots
from lrm.models import Learner

Doubt = Callable[[Learner, Organisation], bool]

_doubts: list[Doubt] = []


def register_doubt(doubt: Doubt) -> None:
    """Let an app above say that it is not sure who the learner is."""
    if doubt not in _doubts:
        _doubts.append(doubt)


def is_in_doubt(learner: Learner, organisation: Organisation) -> bool:
    """Return whether it is not sure who the learner is in Xero, and a person has to say."""
    return any(doubt(learner, organisation) for doubt in _doubts)


@dataclass(frozen=True)
class Own:
    """A learner's own documents, newest first; none while it is in doubt who the learner is."""

    documents: QuerySet[Document]
    is_in_doubt: bool


def of(learner: Learner, organisation: Organisation) -> Own:
    """Return what is surely the learner's own."""
    found, kept_off = queries.contacts_and_withheld(learner=learner, organisation=organisation)
    in_doubt = is_in_doubt(learner, organisation)
    documents = queries.documents_of_contacts(
        organisation=organisation,
        contact_ids=[] if in_doubt else _nobody_elses(found, learner, organisation),
        without=kept_off.document_ids,
    )
    newest_first = F("date").desc(nulls_last=True), "-id"
    return Own(documents.filter(status__in=words.APPROVED).order_by(*newest_first), in_doubt)


@snapshots.one_moment()
def one_of(learner: Learner, document_id: int) -> Document | None:
    """Return one of the learner's own documents by our id; None where it is not theirs."""
    organisation = current_organisation(learner.portal)
    if organisation is None:
        return None
    return of(learner, organisation).documents.filter(pk=document_id).first()


def _nobody_elses(found: list[UUID], learner: Learner, organisation: Organisation) -> list[UUID]:
    """Return those of a learner's contacts that are nobody else's, in any portal on that Xero."""
    shared = ContactLink.objects.filter(
        organisation__tenant_id=organisation.tenant_id, contact_xero_id__in=found
    ).exclude(learner=learner)
    others = set(shared.values_list("contact_xero_id", flat=True))
    return [contact_id for contact_id in found if contact_id not in others]
