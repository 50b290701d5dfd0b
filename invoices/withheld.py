"""Documents that were another learner's before contacts were merged in Xero.

Who merges two contacts in Xero gives the documents of the one to the other. Where the two are two
learners, that would show one student's invoices on the other's page, before anybody was asked. So a
document that came by a merge stays off the page of whoever was not linked to the contact that it
was on, for as long as somebody is linked to that who is not linked to the contact that it is on
now. A yes to the question of the merge ends that, for then the two share a contact; a no does not.
It ends as well where a person ends the link to the contact before, or accounts give the document
to another contact in Xero.

Nothing else ends it: where the rule upholds a link no more, or a learner is erased, whose the
contact was is kept with the move. That counts like a link, until a person says that it never was.

A document that was never stored with the contact before is not known to have been on it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from connected_apps.models import Organisation
from invoices.models import ContactDecision, DocumentMove
from lrm.models import Learner

# What is said beside such a document, where a learner would be named.
WORDS = "Withheld since a merge in Xero"
# Xero is asked at once whether a contact was merged. Should no answer come, it counts as no.
_UNDECIDED_FOR = timedelta(hours=1)
_COUNTS = "(move.is_merge OR move.is_merge IS NULL AND move.read_at > %(decided_since)s)"
_MOVES = f"""
    SELECT document.id, document.contact_xero_id, move.from_xero_id, move.to_xero_id,
           move.learner_ids
      FROM invoices_document document
      JOIN invoices_documentmove move ON move.document_id = document.id AND {_COUNTS}
     WHERE document.organisation_id = %(organisation)s
       AND document.contact_xero_id = ANY(%(contacts)s::uuid[])
     UNION ALL
    SELECT DISTINCT document.id, NULL::uuid, NULL::uuid, NULL::uuid, NULL::bigint[]
      FROM invoices_documentmove move
      JOIN invoices_document document ON document.id = move.document_id
     WHERE move.organisation_id = %(organisation)s AND {_COUNTS}
       AND move.from_xero_id = ANY(%(contacts)s::uuid[])
       AND document.contact_xero_id <> ALL(%(contacts)s::uuid[])
"""  # noqa: S608 - put together from the text above
_LINKED = """
    SELECT learner_id, contact_xero_id FROM invoices_contactlink
     WHERE contact_xero_id = ANY(%s::uuid[]) AND organisation_id IN (
           SELECT id FROM connected_apps_organisation WHERE tenant_id = %s)
"""


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is kept off a learner's page, and whose it was, as far as that is this portal's.

    `away_count`: how many of the learner's own are on somebody else's contact by now.
    """

    document_ids: tuple[int, ...] = ()
    learners: tuple[Learner, ...] = ()
    away_count: int = 0

    def __bool__(self) -> bool:
        return bool(self.document_ids or self.away_count)


NOTHING = Withheld()


def of_learner(
    learner: Learner, *, organisation: Organisation, contact_ids: Sequence[UUID]
) -> Withheld:
    """Return which documents of these contacts, which are the learner's, were somebody else's.

    One query where nothing was moved, which is nearly always.
    """
    moved, away_count = _moved(organisation, contact_ids, now=timezone.now())
    if not moved:
        return Withheld(away_count=away_count)
    linked = _linked(organisation, moved)
    strangers = {
        one.document_id: found
        for one in moved
        if (found := _strangers(one, linked, learner_id=learner.pk))
    }
    ids = set[int]().union(*strangers.values())
    whose = organisation.portal.learners.filter(pk__in=ids).order_by("number")
    return Withheld(tuple(sorted(strangers)), tuple(whose) if ids else (), away_count)


def in_doubt(*, organisation: Organisation, contact_ids: Sequence[UUID]) -> list[int]:
    """Return which documents of these contacts were somebody's who has not their contact now.

    For whoever shows documents and does not say to which learner: that may be the wrong one.
    """
    moved, _ = _moved(organisation, contact_ids, now=timezone.now())
    linked = _linked(organisation, moved) if moved else {}
    return [one.document_id for one in moved if _strangers(one, linked, learner_id=0)]


def kept_from(
    *, organisation: Organisation, contact_ids: Sequence[UUID] | None = None
) -> dict[int, frozenset[int]]:
    """Return {document: the learners linked to its contact whose page it does not show on}.

    :param contact_ids: whose documents; those of all contacts where nobody says.
    """
    if contact_ids is None:
        contact_ids = _reached_by_moves(organisation)
    moved, _ = _moved(organisation, contact_ids, now=timezone.now())
    linked = _linked(organisation, moved) if moved else {}
    return {
        one.document_id: frozenset(
            who for who in linked[one.contact_id] if _strangers(one, linked, learner_id=who)
        )
        for one in moved
    }


def _reached_by_moves(organisation: Organisation) -> list[UUID]:
    moves = DocumentMove.objects.filter(organisation=organisation).order_by()
    found = moves.values_list("document__contact_xero_id", flat=True).distinct()
    return [contact_id for contact_id in found if contact_id]


@dataclass(frozen=True, slots=True)
class _Moved:
    """A document, the contact that it is on now, and those from which it came there.

    `had`: {one of those: who had it, though no link says so any more}.
    """

    document_id: int
    contact_id: UUID
    before: frozenset[UUID]
    had: Mapping[UUID, set[int]]


def _moved(
    organisation: Organisation, contact_ids: Sequence[UUID], *, now: datetime
) -> tuple[list[_Moved], int]:
    """Return what came to these contacts, and how many documents went from them to others."""
    if not contact_ids:
        return [], 0
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVES,
            {
                "organisation": organisation.pk,
                "contacts": [str(each) for each in contact_ids],
                "decided_since": now - _UNDECIDED_FOR,
            },
        )
        rows = cursor.fetchall()
    places: dict[int, UUID] = {}
    steps: dict[int, list[tuple[UUID, UUID]]] = defaultdict(list)
    had: dict[int, dict[UUID, set[int]]] = defaultdict(lambda: defaultdict(set))
    away = 0
    for document_id, contact_id, came_from, went_to, learner_ids in rows:
        if contact_id is None:
            away += 1
            continue
        places[document_id] = contact_id
        steps[document_id].append((came_from, went_to))
        had[document_id][came_from].update(learner_ids or ())
    _leave_out_denied(organisation, had.values())
    came = [
        _Moved(
            document_id,
            contact_id,
            _places_before(contact_id, steps[document_id]),
            had[document_id],
        )
        for document_id, contact_id in places.items()
    ]
    return came, away


def _leave_out_denied(organisation: Organisation, had: Iterable[Mapping[UUID, set[int]]]) -> None:
    """Leave out whoever a person said does not have the contact; no query where nobody is kept."""
    kept = [
        (place, learner_ids) for each in had for place, learner_ids in each.items() if learner_ids
    ]
    if not kept:
        return
    said_no = ContactDecision.objects.filter(
        organisation__tenant_id=organisation.tenant_id,
        learner_id__in=set[int]().union(*(learner_ids for _, learner_ids in kept)),
        is_same_person=False,
    )
    denied = set(said_no.values_list("learner_id", "contact_xero_id"))
    for place, learner_ids in kept:
        learner_ids -= {who for who in learner_ids if (who, place) in denied}


def _places_before(contact_id: UUID, steps: Iterable[tuple[UUID, UUID]]) -> frozenset[UUID]:
    """Return where a document was before it came to its contact, at once or by way of others."""
    found, new = {contact_id}, {contact_id}
    while new:
        new = {came_from for came_from, went_to in steps if went_to in new} - found
        found |= new
    return frozenset(found - {contact_id})


def _linked(organisation: Organisation, moved: Sequence[_Moved]) -> dict[UUID, set[int]]:
    """Return {contact: the learners linked to it}, of every portal on the organisation in Xero."""
    places = {each.contact_id for each in moved}.union(*(each.before for each in moved))
    linked: dict[UUID, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, [[str(each) for each in places], organisation.tenant_id])
        for learner_id, contact_id in cursor.fetchall():
            linked[contact_id].add(learner_id)
    return linked


def _strangers(moved: _Moved, linked: dict[UUID, set[int]], *, learner_id: int) -> set[int]:
    """Return who had the document before, without the learner, and has not its contact now."""
    found = set[int]()
    for place in moved.before:
        if learner_id not in linked[place]:
            found |= (linked[place] | moved.had[place]) - linked[moved.contact_id]
    return found
