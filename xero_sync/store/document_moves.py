"""Whether a document that came to another contact came there by a merge, and whose it was.

A trigger notes each that does (`invoices.models.DocumentMove`). The page of documents may be stored
before Xero was asked about the contact that they were on; so that contact is asked for at once, and
until it has been read later than the documents they count as merged (`invoices.withheld`).

It came by a merge only where the contact before became the one after. Accounts may have given it to
another contact, and merged the one before somewhere else since; the two come as one change.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Func, Q, Value

from connected_apps.models import Organisation
from invoices.models import Contact, DocumentMove
from lrm import row_locks
from lrm.models import Learner
from xero_sync.api import json_codec, responses
from xero_sync.models import EventState, WebhookEvent
from xero_sync.store import contact_merges, identity_facts

_NEVER = datetime.min.replace(tzinfo=UTC)
# What is on a merged contact here will come to the winner, once it is read again.
_TO_COME = """
    INSERT INTO invoices_documentmove
           (document_id, organisation_id, from_xero_id, to_xero_id, read_at, is_merge)
    SELECT document.id, document.organisation_id, document.contact_xero_id, NULL,
           document.read_at, TRUE
      FROM invoices_document document
     WHERE document.organisation_id IN (
           SELECT id FROM connected_apps_organisation WHERE tenant_id = %s)
       AND document.contact_xero_id = ANY(%s::uuid[])
       AND NOT EXISTS (
           SELECT FROM invoices_documentmove move
            WHERE move.document_id = document.id AND move.to_xero_id IS NULL
              AND move.from_xero_id = document.contact_xero_id)
"""
_KEEP = """
    UPDATE invoices_documentmove move
       SET learner_ids = ARRAY(SELECT DISTINCT unnest(move.learner_ids || had.learner_ids))
      FROM (SELECT contact_id, array_agg(learner_id) AS learner_ids
              FROM unnest(%s::bigint[], %s::uuid[]) AS pair (learner_id, contact_id)
             GROUP BY contact_id) had
     WHERE move.id = ANY(%s) AND move.from_xero_id = had.contact_id
"""


def ask(*, organisation_id: int, now: datetime) -> None:
    """Have the contacts fetched that documents were just taken from; the caller stored these.

    With what they have become, as far as that is known.
    """
    unsettled = DocumentMove.objects.filter(organisation_id=organisation_id, is_merge=None)
    if contact_ids := set(unsettled.values_list("from_xero_id", flat=True)):
        merges = contact_merges.around(organisation_id, contact_ids)
        _ask_for(organisation_id, contact_ids.union(*map(merges.winners_of, contact_ids)), now=now)


def settle(*, organisation_id: int, page: responses.Page, now: datetime) -> None:
    """Note what the contacts of a page, which are stored by now, say of documents taken from them.

    A page that was asked for before the documents were says nothing. Where the contact before was
    merged into another than the one after, that may have been merged on, and is asked for first.
    What was no merge is forgotten, and with it how the document came to where it was: somebody has
    said now where it belongs.
    """
    unsettled = DocumentMove.objects.filter(organisation_id=organisation_id, is_merge=None)
    moves = list(unsettled.filter(read_at__lte=page.sent_at))
    if not moves:
        return
    # All that is changed below, in one order: who ends links changes these rows, too.
    row_locks.lock(DocumentMove.objects.filter(document__in={one.document_id for one in moves}))
    merges = contact_merges.around(organisation_id, {each.from_xero_id for each in moves})
    on_page = _ids_on(page)
    read_at = _asked_at(organisation_id, moves, merges) | dict.fromkeys(on_page, page.sent_at)
    merged, given, wanted = list[int](), list[DocumentMove](), set[UUID]()
    for each in moves:
        path = _path(each, merges)
        unread = [one for one in (path[0], path[-1]) if read_at.get(one, _NEVER) < each.read_at]
        if path[0] not in unread and _is_merge(each, path, merges):
            merged.append(each.pk)
        elif not unread:
            given.append(each)
        elif not on_page.isdisjoint(path):
            wanted.update(unread)
    DocumentMove.objects.filter(pk__in=merged).update(is_merge=True)
    for each in given:
        DocumentMove.objects.filter(document_id=each.document_id, pk__lte=each.pk).delete()
    _ask_for(organisation_id, wanted, now=now)


def _ids_on(page: responses.Page) -> set[UUID]:
    ids = (each.get("ContactID") for each in page.elements if isinstance(each, dict))
    return {found for found in map(json_codec.uuid_or_none, ids) if found}


def _path(move: DocumentMove, merges: contact_merges.Merges) -> list[UUID]:
    """Return the contact before, and what it has become, as far as that is known."""
    return [move.from_xero_id, *merges.winners_of(move.from_xero_id)]


def _is_merge(move: DocumentMove, path: Sequence[UUID], merges: contact_merges.Merges) -> bool:
    if len(path) > 1:
        return move.to_xero_id in path
    # In a circle, as it seems: somebody restored what was merged into it, and that is not read yet.
    return merges.is_merged(path[0])


def _asked_at(
    organisation_id: int, moves: Sequence[DocumentMove], merges: contact_merges.Merges
) -> dict[UUID, datetime]:
    """Return {contact: since when it was fetched}, of those that were asked for since the moves."""
    events = WebhookEvent.objects.filter(
        organisation_id=organisation_id,
        category="CONTACT",
        state=EventState.DONE,
        received_at__gte=min(each.read_at for each in moves),
        resource_id__in={one for each in moves for one in _path(each, merges)},
    )
    asked = events.order_by("received_at").values_list("resource_id", "received_at")
    return {contact_id: at for contact_id, at in asked if contact_id}


def _ask_for(organisation_id: int, contact_ids: Collection[UUID], *, now: datetime) -> None:
    if contact_ids:
        organisation = Organisation.objects.get(pk=organisation_id)
        why = "A document was taken from it"
        contact_merges.ask_for(organisation, contact_ids, why=why, now=now)


def keep(*, tenant_id: UUID, pairs: Collection[tuple[int, UUID]]) -> None:
    """Go on to withhold what merges took from contacts whose links to learners end unsaid.

    In every portal on the organisation in Xero, the lock of which the caller has.

    :param pairs: learners and contacts whose links the rule ended, or an erasure is about to end.
    """
    contact_ids = {contact_id for _, contact_id in pairs}
    contacts = Contact.objects.filter(organisation__tenant_id=tenant_id, xero_id__in=contact_ids)
    merged = contacts.filter(merged_to_xero_id__isnull=False).exclude(status=identity_facts.ACTIVE)
    moves = DocumentMove.objects.filter(organisation__tenant_id=tenant_id)
    with connection.cursor() as cursor:
        if merged_ids := set(merged.values_list("xero_id", flat=True)):
            cursor.execute(_TO_COME, [tenant_id, [str(each) for each in merged_ids]])
        if locked := row_locks.lock(moves.filter(from_xero_id__in=contact_ids)):
            learner_ids, places = zip(*pairs, strict=True)
            cursor.execute(_KEEP, [list(learner_ids), [str(each) for each in places], locked])


def keep_of_erased(learner: Learner) -> None:
    """Go on to withhold what merges took from a learner who is about to be erased.

    Not where it has the contact that the document is on now, too, or a person said that it never
    had the one before: what was said is forgotten with the learner.
    """
    for organisation in learner.portal.organisations.all():
        links = learner.contact_links.filter(organisation=organisation)
        own = list(links.values_list("contact_xero_id", flat=True))
        keep(tenant_id=organisation.tenant_id, pairs=[(learner.pk, each) for each in own])
        followed = Contact.objects.filter(
            organisation=organisation, xero_id__in=own, merged_to_xero_id__in=own
        )
        said_no = learner.contact_decisions.filter(organisation=organisation, is_same_person=False)
        moves = DocumentMove.objects.filter(
            organisation__tenant_id=organisation.tenant_id, learner_ids__contains=[learner.pk]
        )
        is_over = (
            Q(to_xero_id__isnull=False, document__contact_xero_id__in=own)
            | Q(to_xero_id=None, from_xero_id__in=followed.values("xero_id"))
            | Q(from_xero_id__in=said_no.values("contact_xero_id"))
        )
        without = Func(F("learner_ids"), Value(learner.pk), function="array_remove")
        row_locks.update(moves.filter(is_over), learner_ids=without)
