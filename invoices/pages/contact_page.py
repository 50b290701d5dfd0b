"""What the page of a contact shows: who it is, its documents, and whom these may cover.

An employer's contact is nobody's own, but its documents cover learners. Suggestions and answers are
those of the documents on the page, read from their texts as they are now. How many more there are
comes from the index, which is a little behind.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from connected_apps.models import Organisation
from invoices import queries, words
from invoices.covering import covers, payers, suggestions
from invoices.listing import document_rows, paging
from invoices.models import Contact, CoverDecision, Document, NamedNumber
from lrm.models import Learner

# An invoice of an employer may name dozens of learners, and a form holds so many fields.
MOST_ASKED = 200
_STATUSES = {
    "ACTIVE": ("ok", "Active"),
    "ARCHIVED": ("idle", "Archived"),
    "GDPRREQUEST": ("idle", "Erased on request"),
}


@dataclass(frozen=True, slots=True)
class ContactPage:
    """One page of a contact's documents, and all that stands above them."""

    contact: Contact
    tone: str
    status: str
    merged_to: Contact | None
    learners: tuple[Learner, ...]
    balances: tuple[queries.Balance, ...]
    count: int
    waiting_count: int
    rows: tuple[document_rows.ShownRow, ...]
    newer: paging.Edge | None
    older: paging.Edge | None
    suggested: tuple[suggestions.Suggestion, ...]
    suggested_count: int
    said: tuple[covers.Said, ...]

    @property
    def has_withheld(self) -> bool:
        """Whether any of the rows is kept off the page of a learner of this contact."""
        return any(row.document.is_withheld for row in self.rows)

    @property
    def currency(self) -> str:
        """The one currency of the rows, which then stands once above them; else empty."""
        return document_rows.one_currency_of(self.rows)


def contact_of(*, organisation: Organisation | None, contact_id: int) -> Contact | None:
    """Return a contact by our id, or None unless the portal's shown organisation has it.

    One that is a learner of another portal on the same organisation in Xero, and none here, is not
    this portal's to see.
    """
    if organisation is None:
        return None
    contact = Contact.objects.filter(organisation=organisation, id=contact_id).first()
    if contact is None or queries.contacts_of_other_portals(
        [contact.xero_id], organisation=organisation
    ):
        return None
    return contact


def page_of(
    contact: Contact,
    *,
    organisation: Organisation,
    today: date,
    after: paging.Edge | None,
    before: paging.Edge | None,
    only_waiting: bool,
) -> ContactPage:
    """Return what the page shows; a fixed number of queries.

    :param only_waiting: leave out the documents that name no learner, or await no answer.
    """
    documents = Document.objects.filter(
        organisation=organisation, contact_xero_id=contact.xero_id
    ).defer("raw", "digest")
    learners = queries.learners_of_contact(
        organisation=organisation, contact_xero_id=contact.xero_id
    )
    is_payer = payers.payers_among([contact.xero_id], organisation=organisation)
    waiting = _waiting(documents, organisation) if is_payer else documents.none()
    page = paging.page_of(waiting if only_waiting else documents, after=after, before=before)
    suggested = suggestions.among(page.documents, organisation=organisation)
    tone, status = _STATUSES.get(contact.status, ("idle", contact.status))
    return ContactPage(
        contact=contact,
        tone=tone,
        status=status,
        merged_to=_merged_to(contact, organisation),
        learners=tuple(learners),
        balances=tuple(queries.balances_of(documents, today=today)),
        count=documents.count(),
        waiting_count=waiting.count(),
        rows=tuple(
            document_rows.applied_rows_of(
                document_rows.with_learners(page.documents, organisation=organisation),
                organisation=organisation,
                today=today,
            )
        ),
        newer=page.newer,
        older=page.older,
        suggested=tuple(suggested[:MOST_ASKED]),
        suggested_count=len(suggested),
        said=tuple(covers.said_of(page.documents, organisation=organisation)),
    )


def _waiting(documents: QuerySet[Document], organisation: Organisation) -> QuerySet[Document]:
    """Return those of the documents that may name a learner of whom nobody has spoken."""
    answered = CoverDecision.objects.filter(
        organisation=organisation,
        kind=OuterRef("document__kind"),
        document_xero_id=OuterRef("document__xero_id"),
        learner__number=OuterRef("number"),
    )
    theirs = Learner.objects.filter(portal_id=organisation.portal_id, number=OuterRef("number"))
    naming = NamedNumber.objects.filter(Exists(theirs), ~Exists(answered), document=OuterRef("pk"))
    return documents.exclude(status__in=words.CANCELLED).filter(Exists(naming))


def _merged_to(contact: Contact, organisation: Organisation) -> Contact | None:
    """Return what a contact was merged into, unless that is not this portal's to see."""
    winner_id = contact.merged_to_xero_id
    if winner_id is None or queries.contacts_of_other_portals(
        [winner_id], organisation=organisation
    ):
        return None
    return Contact.objects.filter(organisation=organisation, xero_id=winner_id).first()
