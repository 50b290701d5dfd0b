"""Reading the documents of a learner: always one organisation, found through contact links.

Every function takes the organisation whose documents show (`connected_apps.queries` knows which
that is) and so stays inside one portal. Raw JSON and digests are never loaded here: they are
most of a row's bytes and no page shows them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, DecimalField, Exists, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Extract

from connected_apps.models import Organisation
from invoices import withheld, words
from invoices.models import Contact, ContactLink, Document, DocumentMove, Kind
from lrm.models import Learner, Portal

PAGE_SIZE = 100


def contact_ids_of(*, learner: Learner, organisation: Organisation) -> list[UUID]:
    """Return the Xero ids of the contacts that stand for the learner in this organisation."""
    links = ContactLink.objects.filter(learner=learner, organisation=organisation)
    return list(links.order_by("id").values_list("contact_xero_id", flat=True))


def contacts_and_withheld(
    *, learner: Learner, organisation: Organisation
) -> tuple[list[UUID], withheld.Withheld]:
    """Return the learner's contacts, and which of their documents are kept off its page.

    One query where no document was ever moved in the organisation.
    """
    moves = DocumentMove.objects.filter(organisation=organisation)
    links = ContactLink.objects.filter(learner=learner, organisation=organisation)
    rows = links.order_by("id").values_list("contact_xero_id", Exists(moves))
    contact_ids = [contact_id for contact_id, _ in rows]
    if not any(has_moves for _, has_moves in rows):
        return contact_ids, withheld.NOTHING
    kept_off = withheld.of_learner(learner, organisation=organisation, contact_ids=contact_ids)
    return contact_ids, kept_off


def documents_of_contacts(
    *,
    organisation: Organisation,
    contact_ids: list[UUID],
    without: Collection[int] | None = None,
) -> QuerySet[Document]:
    """Return the documents of these contacts, newest first, without their raw form.

    :param without: ids of documents that are left out, see `contacts_and_withheld`; where nobody
        says, all that a merge took from anybody else.
    """
    if without is None:
        without = withheld.in_doubt(organisation=organisation, contact_ids=contact_ids)
    documents = Document.objects.filter(
        organisation=organisation, contact_xero_id__in=contact_ids
    ).defer("raw", "digest")
    if without:
        documents = documents.exclude(id__in=without)
    return documents.order_by(F("date").desc(nulls_last=True), "-id")


def document_of_portal(
    *, portal: Portal, organisation: Organisation | None, document_id: int
) -> Document | None:
    """Return a document by our id, or None unless the portal's shown organisation has it."""
    if organisation is None or organisation.portal_id != portal.id:
        return None
    documents = Document.objects.filter(organisation=organisation).defer("raw", "digest")
    return documents.filter(id=document_id).first()


def learners_of_contact(
    *, organisation: Organisation, contact_xero_id: UUID | None
) -> list[Learner]:
    """Return the learners whose documents carry this contact, in order of number."""
    if contact_xero_id is None:
        return []
    links = ContactLink.objects.filter(organisation=organisation, contact_xero_id=contact_xero_id)
    return [link.learner for link in links.select_related("learner").order_by("learner__number")]


def contacts_of_other_portals(
    contact_ids: Iterable[UUID | None], *, organisation: Organisation
) -> set[UUID | None]:
    """Return those contacts that are learners of other portals on this Xero, and of none here."""
    links = ContactLink.objects.filter(
        organisation__tenant_id=organisation.tenant_id,
        contact_xero_id__in={one for one in contact_ids if one},
    ).values_list("contact_xero_id", "organisation_id")
    ours = {contact_id for contact_id, owner_id in links if owner_id == organisation.pk}
    return {contact_id for contact_id, _ in links if contact_id not in ours}


def payer_ids(
    contact_ids: Iterable[UUID | None], *, organisation: Organisation
) -> dict[UUID | None, int]:
    """Return our ids of those contacts that have a page here, by Xero's; two queries."""
    wanted = {one for one in contact_ids if one}
    if not wanted:
        return {}
    theirs = contacts_of_other_portals(wanted, organisation=organisation)
    contacts = Contact.objects.filter(organisation=organisation, xero_id__in=wanted - theirs)
    return dict(contacts.values_list("xero_id", "id"))


class LearnerNumber(NamedTuple):
    """A learner as far as a row names one."""

    id: int
    number: str


def learners_by_contact(
    *, organisation: Organisation, contact_ids: Iterable[UUID | None]
) -> dict[UUID | None, tuple[LearnerNumber, ...]]:
    """Return the learners of each contact that has any, in order of number; one query."""
    links = ContactLink.objects.filter(
        organisation=organisation, contact_xero_id__in={one for one in contact_ids if one}
    )
    found: defaultdict[UUID | None, tuple[LearnerNumber, ...]] = defaultdict(tuple)
    columns = "contact_xero_id", "learner_id", "learner__number"
    for contact_id, learner_id, number in links.order_by("learner__number").values_list(*columns):
        found[contact_id] += (LearnerNumber(learner_id, number),)
    return dict(found)


class OfDocument(NamedTuple):
    """Whom a document names.

    `is_withheld`: its contact is a learner whose page does not show it, since a merge in Xero took
    it from another; see `invoices.withheld`.
    """

    learners: tuple[LearnerNumber, ...] = ()
    is_withheld: bool = False


def learners_by_document(
    *, organisation: Organisation, contacts: Mapping[int, UUID | None]
) -> dict[int, OfDocument]:
    """Return whom each document names, of those that name anybody or are withheld.

    Whoever names a learner beside a document asks here. One query where no document was ever moved
    in the organisation.

    :param contacts: the contacts of the documents, by the documents' ids.
    """
    moves = DocumentMove.objects.filter(organisation=organisation)
    wanted = {one for one in contacts.values() if one}
    links = ContactLink.objects.filter(organisation=organisation, contact_xero_id__in=wanted)
    columns = "contact_xero_id", "learner_id", "learner__number"
    rows = list(links.order_by("learner__number").values_list(*columns, Exists(moves)))
    linked: defaultdict[UUID | None, tuple[LearnerNumber, ...]] = defaultdict(tuple)
    for contact_id, learner_id, number, _ in rows:
        linked[contact_id] += (LearnerNumber(learner_id, number),)
    kept: dict[int, frozenset[int]] = {}
    if any(has_moves for *_, has_moves in rows):
        kept = withheld.kept_from(organisation=organisation, contact_ids=list(wanted))
    found = {}
    for document_id, contact_id in contacts.items():
        if contact_id in linked:
            off = kept.get(document_id, frozenset())
            names = tuple(one for one in linked[contact_id] if one.id not in off)
            found[document_id] = OfDocument(names, bool(off))
    return found


def withheld_documents(organisation: Organisation) -> dict[int, OfDocument]:
    """Return whom those documents name that are withheld from somebody; one query as a rule."""
    moved = Document.objects.filter(organisation=organisation, moves__isnull=False)
    contacts = dict(moved.order_by().values_list("id", "contact_xero_id"))
    if not contacts:
        return {}
    found = learners_by_document(organisation=organisation, contacts=contacts)
    return {document_id: one for document_id, one in found.items() if one.is_withheld}


@dataclass(frozen=True, slots=True)
class Balance:
    """What is open in one currency. Amounts of different currencies are never added.

    `owed` is due on approved invoices, `overdue` the part of it past its due date, `credit_left`
    the unused part of approved credits, which reduces what the learner owes.
    """

    currency: str
    owed: Decimal
    overdue: Decimal
    credit_left: Decimal
    # The oldest due date that has passed, None where nothing is overdue.
    overdue_since: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is anything to say: something is owed, or credit is left."""
        return bool(self.owed or self.credit_left)

    @property
    def net(self) -> Decimal:
        """What remains once every credit is used; negative where the learner is owed."""
        return self.owed - self.credit_left

    @property
    def net_amount(self) -> Decimal:
        """The size of `net`, for beside words that say whose favour it is in."""
        return abs(self.net)


def balances_of(documents: QuerySet[Document], *, today: date) -> list[Balance]:
    """Return the balances of these documents, one a currency, in order of currency.

    Drafts and what awaits approval are not owed yet; voided and deleted ones no longer are.
    """
    is_invoice = Q(kind=Kind.INVOICE)
    rows = (
        documents.filter(status__in=words.APPROVED)
        .order_by("currency")
        .values("currency")
        .annotate(
            owed=_sum_of_due(is_invoice),
            overdue=_sum_of_due(is_invoice & Q(due_date__lt=today)),
            credit_left=_sum_of_due(~is_invoice),
            overdue_since=Min(
                "due_date", filter=is_invoice & Q(due_date__lt=today, amount_due__gt=0)
            ),
        )
    )
    return [Balance(**row) for row in rows]


def _sum_of_due(condition: Q) -> Coalesce:
    return Coalesce(
        Sum("amount_due", filter=condition), Decimal(0), output_field=DecimalField(max_digits=19)
    )


@dataclass(frozen=True, slots=True)
class Version:
    """A mark that differs whenever any of the learner's documents does.

    `latest_at` is when the newest of them was stored, None without documents.
    """

    token: str
    latest_at: datetime | None


def together(first: Version, second: Version) -> Version:
    """Return the version of two things that one page shows."""
    latest = [each.latest_at for each in (first, second) if each.latest_at]
    return Version(f"{first.token}-{second.token}", max(latest, default=None))


# Nothing shows while no organisation is connected, and nothing changes.
NOT_CONNECTED = Version("", None)


def version_of_documents(
    *,
    organisation: Organisation,
    contact_ids: list[UUID],
    today: date,
    without: Collection[int] = (),
) -> Version:
    """Return the version of these contacts' documents by one aggregate over their index.

    The sum of storing times moves with every rewritten row in whatever order transactions
    commit; the latest time alone would miss a row that was stored earlier and committed later.
    The date belongs to it because *overdue by 3 days* is another text tomorrow, and the contacts
    because a link may be made or taken away.

    :param without: ids of documents that are left out.
    """
    documents = documents_of_contacts(
        organisation=organisation, contact_ids=contact_ids, without=without
    ).aggregate(
        count=Count("id"),
        stored=Sum(Extract("synced_at", "epoch"), output_field=DecimalField()),
        latest=Max("synced_at"),
    )
    parts = [organisation.id, today.toordinal(), documents["count"], documents["stored"] or 0]
    marks = [f"{hash_of(contact_ids):x}", *([f"{sum(without):x}"] if without else [])]
    return Version("-".join([*map(str, parts), *marks]), documents["latest"])


def version_of_learner_documents(
    *, learner: Learner, organisation: Organisation | None, today: date
) -> Version:
    """Return the version of the learner's documents; two queries, or four where some were moved."""
    if organisation is None:
        return NOT_CONNECTED
    contact_ids, kept_off = contacts_and_withheld(learner=learner, organisation=organisation)
    return version_of_documents(
        organisation=organisation,
        contact_ids=contact_ids,
        today=today,
        without=kept_off.document_ids,
    )


def hash_of(contact_ids: list[UUID]) -> int:
    """Return a number for a set of ids, the same in every process and in any order."""
    return sum(contact_id.int for contact_id in contact_ids) % 2**64
