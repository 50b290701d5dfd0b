"""What report #0443 may be asked for, and who matches."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from connected_apps.models import Organisation
from invoices import withheld, words
from invoices.models import ContactLink, CoverDecision, Document, Kind, NamedNumber
from lrm.models import Learner, LearnerChange, Portal
from xero_sync.models import ContactPush, ContactQuestion, PushState

TO_INVOICE, BILLED, INVOICED = "TO_INVOICE", "BILLED", "INVOICED"
# So many learners are counted while a page is made, and after it so many and no more: more take too
# long for somebody who waits.
COUNTED_AT_ONCE, MOST_COUNTED = 1_000, 20_000
_NOTHING = Value("")


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """What the report is asked for.

    :param since: a day where the books are kept; who was added, or ticked, on it or after. None
        for everybody.
    :param ticked_only: only those with *Sync to Xero*.
    :param state: `TO_INVOICE` or `BILLED`.
    :param contact: "yes" or "no": whether they have a contact in Xero; empty for both.
    :param asked_only: only those of whom a question stands.
    """

    portal: Portal
    organisation: Organisation
    since: datetime.date | None = None
    ticked_only: bool = True
    state: str = TO_INVOICE
    contact: str = ""
    asked_only: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its days are days."""
        return self.organisation.zone


@dataclass(frozen=True, slots=True)
class Counts:
    """How many learners there are of each state."""

    to_invoice: int
    billed: int
    invoiced: int


def learners_of(criteria: Criteria) -> "QuerySet[Any]":
    """Return who matches, the newest first, each with a `state`."""
    learners = Learner.objects.filter(portal=criteria.portal)
    if criteria.since:
        start = _start_of(criteria)
        is_ticked = Q(sync_to_xero=True, pk__in=_ticks_since(start).values("learner"))
        learners = learners.filter(Q(created_at__gte=start) | is_ticked)
    found = _with_state(_narrowed(learners, criteria), criteria)
    return found.filter(state=criteria.state).order_by("-created_at", "-id")


def with_reasons(learners: "QuerySet[Any]", criteria: Criteria) -> "QuerySet[Any]":
    """Return the learners with a `reason`, a key of `rows.REASONS`, and the push's `problem`."""
    organisation = criteria.organisation
    own = _own_documents(organisation)
    invoices = own.filter(kind=Kind.INVOICE)
    answered = CoverDecision.objects.filter(
        organisation=organisation,
        learner=OuterRef(OuterRef("pk")),
        document_xero_id=OuterRef("document__xero_id"),
        kind=OuterRef("document__kind"),
    )
    named = NamedNumber.objects.filter(
        ~Exists(answered), organisation=organisation, number=OuterRef("number")
    )
    first_that_holds: tuple[tuple[str, Any], ...] = (
        ("QUESTION", _is_asked(organisation)),
        ("REFUSED", Exists(_pushes(PushState.REFUSED))),
        ("MAY_BE_BILLED", Exists(named)),
        ("NOT_TICKED", Q(sync_to_xero=False) & ~Exists(_links(organisation))),
        ("NO_CONTACT", ~Exists(_links(organisation))),
        ("NOT_APPROVED", Exists(invoices.exclude(status__in=words.CANCELLED))),
        ("CANCELLED", Exists(invoices)),
        ("CREDITS", Exists(own)),
        ("WITHHELD", Exists(_of_own_contacts(organisation))),
    )
    found: QuerySet[Any] = learners.annotate(
        reason=Case(
            *(When(condition, then=Value(key)) for key, condition in first_that_holds),
            default=Value("NOTHING"),
            output_field=CharField(),
        ),
        problem=Case(
            When(contact_push__state=PushState.REFUSED, then=F("contact_push__problem")),
            default=_NOTHING,
            output_field=CharField(),
        ),
    )
    return found


def counts_of(criteria: Criteria, *, most: int = MOST_COUNTED) -> Counts | None:
    """Return how many learners there are of each state, whatever state is asked for.

    None where more than `most` learners match.

    Two queries, or four of those since a day: that there are too many is seen before their states
    are asked for, which costs ten times as much.
    """
    some = [_narrowed(part, criteria)[: most + 1] for part in _parts(criteria)]
    if sum(part.count() for part in some) > most:
        return None
    states = (TO_INVOICE, BILLED, INVOICED)
    wanted = {state: Count("pk", filter=Q(state=state)) for state in states}
    counted = [_with_state(part, criteria).aggregate(**wanted) for part in some]
    return Counts(*(sum(of_part[state] for of_part in counted) for state in states))


def _parts(criteria: Criteria) -> list[QuerySet[Learner]]:
    """Return everybody; or who was added since the day, and who was ticked since and added before.

    Either has an index, where the condition of a page walks through everybody until it is full.
    """
    everybody = Learner.objects.filter(portal=criteria.portal).order_by()
    if not criteria.since:
        return [everybody]
    start = _start_of(criteria)
    is_ticked = Func(
        F("pk"),
        ArraySubquery(_ticks_since(start).values("learner")),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
    before = everybody.filter(is_ticked, created_at__lt=start, sync_to_xero=True)
    return [everybody.filter(created_at__gte=start), before]


def _narrowed(learners: QuerySet[Learner], criteria: Criteria) -> QuerySet[Learner]:
    organisation = criteria.organisation
    if criteria.ticked_only:
        learners = learners.filter(sync_to_xero=True)
    if criteria.contact:
        has_one = Exists(_links(organisation))
        learners = learners.filter(has_one if criteria.contact == "yes" else ~has_one)
    if criteria.asked_only:
        learners = learners.filter(_is_asked(organisation))
    return learners


def _with_state(learners: QuerySet[Learner], criteria: Criteria) -> "QuerySet[Any]":
    organisation = criteria.organisation
    found: QuerySet[Any] = learners.annotate(
        state=Case(
            When(
                Exists(
                    _own_documents(organisation).filter(
                        kind=Kind.INVOICE, status__in=words.APPROVED
                    )
                ),
                then=Value(INVOICED),
            ),
            When(Exists(covering(organisation)), then=Value(BILLED)),
            default=Value(TO_INVOICE),
            output_field=CharField(),
        )
    )
    return found


def _start_of(criteria: Criteria) -> datetime.datetime:
    day = max(criteria.since or datetime.date.min, datetime.date(2, 1, 1))
    return datetime.datetime.combine(day, datetime.time.min, criteria.zone)


def _ticks_since(start: datetime.datetime) -> QuerySet[LearnerChange]:
    """Return when *Sync to Xero* changed, of learners of all portals."""
    return LearnerChange.objects.filter(at__gte=start, fields__contains="sync_to_xero").order_by()


def _links(organisation: Organisation) -> QuerySet[ContactLink]:
    return ContactLink.objects.filter(organisation=organisation, learner=OuterRef("pk"))


def _own_documents(organisation: Organisation) -> QuerySet[Document]:
    """Return the documents of a learner's contacts, without what is withheld from the learner."""
    documents = _of_own_contacts(organisation)
    off: defaultdict[int, list[int]] = defaultdict(list)
    for document_id, learner_ids in withheld.kept_from(organisation=organisation).items():
        for learner_id in learner_ids:
            off[learner_id].append(document_id)
    if off:
        owner = ExpressionWrapper(OuterRef("pk"), output_field=BigIntegerField())
        documents = documents.alias(owner=owner)
    for learner_id, document_ids in off.items():
        documents = documents.exclude(Q(("owner", learner_id), pk__in=document_ids))
    return documents


def _of_own_contacts(organisation: Organisation) -> QuerySet[Document]:
    """Return the documents of a learner's contacts."""
    links = ContactLink.objects.filter(organisation=organisation, learner=OuterRef(OuterRef("pk")))
    return Document.objects.filter(
        organisation=organisation, contact_xero_id__in=links.values("contact_xero_id")
    )


def covering(organisation: Organisation, **learner: Any) -> QuerySet[Document]:
    """Return the approved invoices to others that cover a learner, as a person said.

    Without those of contacts that are learners of other portals on the same Xero, and of none here:
    they show nowhere in this portal.
    """
    wanted = learner or {"learner": OuterRef(OuterRef("pk"))}
    said = CoverDecision.objects.filter(
        organisation=organisation, kind=Kind.INVOICE, is_covered=True, **wanted
    )
    links = ContactLink.objects.filter(contact_xero_id=OuterRef("contact_xero_id"))
    elsewhere = links.filter(organisation__tenant_id=organisation.tenant_id)
    return Document.objects.filter(
        ~Exists(elsewhere) | Exists(links.filter(organisation=organisation)),
        organisation=organisation,
        kind=Kind.INVOICE,
        status__in=words.APPROVED,
        xero_id__in=said.values("document_xero_id"),
    )


def _pushes(state: PushState) -> QuerySet[ContactPush]:
    return ContactPush.objects.filter(learner=OuterRef("pk"), state=state)


def _is_asked(organisation: Organisation) -> Any:
    asked = ContactQuestion.objects.filter(organisation=organisation, learner=OuterRef("pk"))
    return Q(Exists(asked)) | Q(Exists(_pushes(PushState.QUESTION)))
