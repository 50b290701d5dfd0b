"""Report #0442: the synced documents of one organisation, and what it may be asked for.

Rows come newest first unless another order is asked for. Undated documents (drafts may lack a date)
come before all others and only where no date range is asked for. Every row is one document, also
where several learners share its payer: their numbers stand side by side in it.

Days are those where the books are kept: the organisation's time zone, the portal's where Xero has
not said one. See `reports.totals` for what adds up to what.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Upper

from connected_apps.models import Organisation
from invoices import queries
from invoices.document_sums import Sql, Wanted
from invoices.listing import document_finder, paging
from invoices.models import ContactLink, Document, Kind
from lrm.models import Learner
from lrm.roster import search
from reports import as_at as past_day
from xero_sync.contact_tabs import contact_search

# So many contacts that a text means are named to PostgreSQL, which finds the documents of each by
# an index. More are left in the query: slower, and still all of them.
MOST_NAMED = 2000
DAY = datetime.timedelta(days=1)
_NO_CONTACT = UUID(int=0)
# As SQL, since the generated column of words cannot be named inside another query of Django's.
_CONTACTS_OF_LEARNERS = """
    SELECT contact_xero_id FROM invoices_contactlink
     WHERE organisation_id = %s AND learner_id IN (
        SELECT id FROM lrm_learner WHERE portal_id = %s AND words @@ to_tsquery('simple', %s)
     )
"""

ORDERS = {
    "": paging.NEWEST,
    "oldest": paging.Order("date", is_descending=False),
    "due": paging.Order("due_date", is_descending=False),
    "total": paging.Order("total"),
    "left": paging.Order("amount_due"),
    "synced": paging.Order("synced_at"),
}
# How long open invoices are overdue: first and last day, None without end.
AGES: dict[str, tuple[int, int | None]] = {
    "overdue": (1, None),
    "30": (1, 30),
    "60": (31, 60),
    "90": (61, 90),
    "over-90": (91, None),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """What the report is asked for. Both ends of a range belong to it.

    :param by_synced: whether the dates are those of storing, not those of the documents.
    :param text: the beginning of a number, or of words in a contact's or a learner's name; digits
        alone are also Xero's usual numbers with them, as in the search.
    :param no_learner: only what names no learner: nobody is linked to its contact, or it is
        withheld from all who are.
    :param age: a key of `AGES`.
    :param as_at: a day that has passed, on which everything stood as it is told (`reports.as_at`);
        `today` is that day then.
    """

    organisation: Organisation
    today: datetime.date
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    by_synced: bool = False
    kind: str = ""
    status: str = ""
    currency: str = ""
    learner: Learner | None = None
    text: str = ""
    no_learner: bool = False
    age: str = ""
    sort: str = ""
    as_at: datetime.date | None = None

    @property
    def order(self) -> paging.Order:
        """The order of the rows."""
        return ORDERS[self.sort]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its days are days."""
        return self.organisation.zone

    @property
    def wanted(self) -> Wanted | None:
        """The same for sums that are kept; None where they do not tell what is asked for."""
        if self.by_synced or self.learner or self.text or self.no_learner:
            return None
        due_from, due_to = self.due_range
        return Wanted(
            date_from=self.date_from,
            date_to=self.last_date,
            kind=self.kind,
            status=self.status,
            currency=self.currency,
            due_from=due_from,
            due_to=due_to,
        )

    @property
    def is_text_in_dates(self) -> bool:
        """Whether a text and dates of documents are all that narrows it."""
        others = (self.kind, self.status, self.currency, self.learner, self.age, self.as_at)
        return bool(self.text) and not (self.by_synced or self.no_learner or any(others))

    @property
    def last_date(self) -> datetime.date | None:
        """The last day that a document may be dated."""
        return min(filter(None, (self.date_to, self.as_at)), default=None)

    @property
    def names(self) -> Mapping[str, str]:
        """What of `documents_of` stands for a field; nothing does where no day is asked for."""
        return {} if self.as_at is None else past_day.NAMES

    @property
    def due_range(self) -> tuple[datetime.date | None, datetime.date | None]:
        """Between which days an open invoice was due to have the age; nothing without an age."""
        if not self.age:
            return None, None
        least, most = AGES[self.age]
        return (None if most is None else _before(self.today, most)), _before(self.today, least)


def _before(day: datetime.date, days: int) -> datetime.date:
    """Return the day so many days before another; the first there is where that is none."""
    return datetime.date.fromordinal(max(1, day.toordinal() - days))


def documents_of(criteria: Criteria) -> QuerySet[Document]:
    """Return the documents the report lists, in its order, without their raw form."""
    documents = of_dates_and_kind(criteria).filter(_named(criteria))
    if criteria.as_at:
        documents = past_day.with_amounts(documents, criteria.organisation, criteria.as_at)
    documents = documents.filter(standing(criteria, criteria.names))
    if criteria.no_learner:
        documents = documents.filter(_of_nobody(criteria))
    if criteria.text:
        documents = _matching(documents, criteria)
    return documents.defer("raw", "digest").order_by(*criteria.order.by(criteria.names).names)


def of_dates_and_kind(criteria: Criteria) -> QuerySet[Document]:
    """Return the documents of the dates, the kind and the currency, in no order."""
    asked = {"kind": criteria.kind, "currency": criteria.currency}
    return Document.objects.filter(
        _dated(criteria),
        organisation=criteria.organisation,
        **{name: value for name, value in asked.items() if value},
    )


def are_more_than(most: int, criteria: Criteria) -> bool:
    """Return whether more documents may match than a number, without a look at any past day.

    What stood on a day is worked out for each document, and no index finds it; dates and kind are
    read from one.
    """
    may_match = of_dates_and_kind(criteria)
    if criteria.age:
        first, last = criteria.due_range
        may_match = may_match.filter(kind=Kind.INVOICE, due_date__lte=last)
        may_match = may_match.filter(due_date__gte=first) if first else may_match
    return may_match.order_by()[: most + 1].count() > most


def standing(criteria: Criteria, names: Mapping[str, str]) -> Q:
    """Return the condition of status and age; `names` say what is read for a field."""
    status, due = names.get("status", "status"), names.get("amount_due", "amount_due")
    condition = Q(**{status: criteria.status}) if criteria.status else Q()
    if not criteria.age:
        return condition
    due_from, due_to = criteria.due_range
    late = {"kind": Kind.INVOICE, status: "AUTHORISED", f"{due}__gt": 0, "due_date__lte": due_to}
    condition &= Q(**late)
    return condition & Q(due_date__gte=due_from) if due_from else condition


def _dated(criteria: Criteria) -> Q:
    first, last = criteria.date_from, criteria.date_to
    if not criteria.by_synced:
        bounds = {"date__gte": first, "date__lte": criteria.last_date}
        return Q(**{name: day for name, day in bounds.items() if day})
    condition = Q(date__lte=criteria.as_at) if criteria.as_at else Q()
    if first:
        condition &= Q(synced_at__gte=_start_of(first, criteria.zone))
    if last and last < datetime.date.max:
        condition &= Q(synced_at__lt=_start_of(last + DAY, criteria.zone))
    return condition


def _start_of(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    # Zones reckon with days before and after, which the ends of the calendar do not have.
    day = max(datetime.date(2, 1, 1), min(day, datetime.date(9998, 12, 31)))
    return datetime.datetime.combine(day, datetime.time.min, zone)


def _named(criteria: Criteria) -> Q:
    if criteria.learner is None:
        return Q()
    contact_ids, kept_off = queries.contacts_and_withheld(
        learner=criteria.learner, organisation=criteria.organisation
    )
    # Without any, Django would refuse to make the statement that sums and files are built on.
    condition = Q(contact_xero_id__in=contact_ids or [_NO_CONTACT])
    return condition & ~Q(pk__in=kept_off.document_ids) if kept_off.document_ids else condition


def _of_nobody(criteria: Criteria) -> Q:
    """Return the condition of what shows no learner in its row."""
    links = ContactLink.objects.filter(
        organisation=criteria.organisation, contact_xero_id=OuterRef("contact_xero_id")
    )
    kept = queries.withheld_documents(criteria.organisation).items()
    nameless = [pk for pk, one in kept if not one.learners]
    condition = Q(~Exists(links))
    return condition | Q(pk__in=nameless) if nameless else condition


def _matching(documents: QuerySet[Document], criteria: Criteria) -> QuerySet[Document]:
    typed = " ".join(criteria.text.split()).upper()
    # As the index of numbers is ordered, which finds beginnings only.
    numbered = documents.alias(typed_number=Collate(Upper("number"), "C"))
    query = search.raw_query(criteria.text)
    means = Q(typed_number__startswith=typed)
    if usual := document_finder.usual_numbers(typed):
        means |= Q(typed_number__in=usual)
    if query is not None:
        named = contact_search.named(criteria.organisation, query)
        means |= Q(contact_xero_id__in=_all_of(named)) | _of_learners(criteria, query)
    return numbered.filter(means)


def _all_of(contacts: Sql) -> list[UUID] | RawSQL:
    """Return what stands for all of these contacts in a condition."""
    with connection.cursor() as cursor:
        cursor.execute(f"{contacts.text} LIMIT {MOST_NAMED + 1}", contacts.parameters)
        found = [xero_id for (xero_id,) in cursor.fetchall()]
    if len(found) <= MOST_NAMED:
        return found
    # The text is a constant, of this module or of `contact_search`; what was typed is a parameter.
    # A hundred thousand ids in its place took Django four times as long.
    return RawSQL(contacts.text, contacts.parameters)  # noqa: S611 - a constant text, see above


def _of_learners(criteria: Criteria, query: str) -> Q:
    """Return the condition for documents of learners whom the text may mean.

    A document that is withheld from them is not theirs, whatever contact it is on.
    """
    portal = criteria.organisation.portal
    contacts = Sql(_CONTACTS_OF_LEARNERS, (criteria.organisation.pk, portal.pk, query))
    condition = Q(contact_xero_id__in=_all_of(contacts))
    kept = queries.withheld_documents(criteria.organisation).items()
    if not kept:
        return condition
    named = {each.id for _, one in kept for each in one.learners}
    words = SearchQuery(query, config="simple", search_type="raw")
    meant = set(
        portal.learners.alias(found=search.LearnerWords())
        .filter(found=words, pk__in=named)
        .values_list("pk", flat=True)
    )
    off = [pk for pk, one in kept if not {each.id for each in one.learners} & meant]
    return condition & ~Q(pk__in=off) if off else condition
