"""Which documents may cover which learners, for a person to say: read from the texts themselves.

Suggested is a document whose text names a learner's number (`invoices.rules.mentions`), which is
billed to a payer (`invoices.covering.payers`), and of which nobody has said anything yet. Where the
contact is a learner nothing is suggested: the document is on that learner's page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from connected_apps.models import Organisation
from invoices import words
from invoices.covering import named_numbers, payers
from invoices.listing import document_rows
from invoices.listing.document_rows import DocumentRow
from invoices.models import CoverDecision, Document, NamedNumber
from invoices.rules import mentions
from lrm.models import Learner

# Of one learner: nobody reads more at once, and the work stays bounded whatever the number is.
MOST_FOUND = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that may cover a learner, and where it names them."""

    document: DocumentRow
    learner: Learner
    place: str
    excerpt: str

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.document.id}-{self.learner.pk}"


def among(rows: Sequence[DocumentRow], *, organisation: Organisation) -> list[Suggestion]:
    """Return what these documents suggest, in their order; six queries for all.

    Those of which a person has spoken already are not among them.
    """
    standing = [row for row in rows if row.status not in words.CANCELLED]
    of_payers = payers.payers_among(
        {row.contact_xero_id for row in standing}, organisation=organisation
    )
    texts = named_numbers.texts_of(row for row in standing if row.contact_xero_id in of_payers)
    numbers = {number for each in texts.values() for number in mentions.numbers_of(each)}
    learners = {
        learner.number: learner
        for learner in Learner.objects.filter(portal_id=organisation.portal_id, number__in=numbers)
    }
    if not learners:
        return []
    answered = _answered(rows, organisation)
    return [
        Suggestion(row, learners[one.number], one.place, one.excerpt)
        for row in standing
        if row.contact_xero_id in of_payers
        for one in mentions.mentions_in(texts[row.id], known=learners)
        if payers.may_pay_for(of_payers[row.contact_xero_id], learners[one.number])
        and (row.kind, row.xero_id, learners[one.number].pk) not in answered
    ]


def for_learner(*, learner: Learner, organisation: Organisation) -> list[Suggestion]:
    """Return what may cover a learner, newest first, `MOST_FOUND` at most."""
    document_ids = list(open_entries(learner=learner, organisation=organisation)[:MOST_FOUND])
    if not document_ids:
        return []
    documents = Document.objects.filter(organisation=organisation, id__in=document_ids)
    rows = document_rows.rows_of(documents.order_by("-date", "-id"))
    found = among(rows, organisation=organisation)
    return [each for each in found if each.learner.pk == learner.pk]


def open_entries(*, learner: Learner, organisation: Organisation) -> QuerySet[NamedNumber, int]:
    """Return the ids of documents that may name a learner and await an answer, newest first."""
    answered = CoverDecision.objects.filter(
        organisation=organisation,
        document_xero_id=OuterRef("document__xero_id"),
        kind=OuterRef("document__kind"),
        learner=learner,
    )
    naming = NamedNumber.objects.filter(organisation=organisation, number=learner.number)
    unanswered = naming.filter(~Exists(answered)).order_by("-document_id")
    return unanswered.values_list("document_id", flat=True)


def _answered(
    rows: Sequence[DocumentRow], organisation: Organisation
) -> set[tuple[str, object, int]]:
    decisions = CoverDecision.objects.filter(
        organisation=organisation, document_xero_id__in=[row.xero_id for row in rows]
    )
    return set(decisions.values_list("kind", "document_xero_id", "learner_id"))
