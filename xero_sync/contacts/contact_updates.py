"""Contacts that exist, changed to what their learners are.

By ContactID, with the fields that the LRM owns and nothing else. Numbers are handed on in order: a
contact takes a number after the one that has it has given it up, and where two learners have
swapped theirs, one contact steps aside for a moment.
"""

import logging
import uuid
from collections import Counter

from connected_apps.models import Organisation
from invoices.models import Contact
from xero_sync.api import errors, failures, sessions
from xero_sync.contacts import (
    archived_contacts,
    contact_overlay,
    look_ups,
    obstacles,
    push_rows,
)
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.jobs import leases
from xero_sync.models import ContactPush

logger = logging.getLogger(__name__)


def update(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Send those that differ from what Xero was told last.

    :raises errors.XeroError: the rows stay as they are, to be tried again.
    """
    batch = push_rows.changed_ones(batch)
    aside: set[int] = set()
    while batch:
        mirrored = _mirrored(organisation, batch)
        number_of = {one.contact_number: one.xero_id for one in mirrored.values()}
        blocked = [push for push in batch if _is_blocked(push, number_of)]
        # Where all wait for each other, one steps aside; none does twice.
        moving = next((push for push in blocked if push.pk not in aside), None)
        if len(blocked) < len(batch) or moving is None:
            free = [push for push in batch if push not in blocked] or batch
            _send(session, organisation, free, mirrored, clock)
            batch = [push for push in batch if push not in free]
        elif _steps_aside(session, organisation, moving, clock):
            aside.add(moving.pk)
        else:
            batch.remove(moving)


def _is_blocked(push: ContactPush, number_of: dict[str, uuid.UUID]) -> bool:
    """Return whether another contact of the batch has the learner's number still."""
    holder = number_of.get(push.learner.number)
    return holder is not None and holder != push.contact_xero_id


def _steps_aside(
    session: sessions.Session, organisation: Organisation, push: ContactPush, clock: leases.Clock
) -> bool:
    """Give a contact a number that nobody has, so that others can take its own.

    The row says that it was sent; should its worker die, it goes again, with the right number.
    """
    contact = {"ContactID": str(push.contact_xero_id), "ContactNumber": f"moving-{push.pk}"}
    key = push_rows.mark_sent([push], clock())
    try:
        page = session.upsert_contacts([contact], idempotency_key=key)
    except errors.Rejected as error:
        push_rows.halves([push], error, clock())
        return False
    reasons = [reason for one in page.elements for reason in failures.refusal_of(one)]
    if reasons or not page.elements:
        push.problem = " ".join(reasons)[:1000] or push_rows.UNNAMED
        push_rows.refuse([push], now=clock())
        return False
    look_ups.mirror(session, organisation, [page], clock)
    return True


def _send(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    mirrored: dict[uuid.UUID | None, Contact],
    clock: leases.Clock,
    *,
    unique_names: bool = False,
) -> None:
    contacts = []
    doubled = _doubled_numbers(organisation, batch)
    without_number = _without_number(organisation, batch)
    for push in batch:
        # A name that had to be made unique stays so: the plain one is somebody else's.
        unique = contact_of(push.learner, unique_name=True)
        there = mirrored.get(push.contact_xero_id)
        is_unique = unique_names or (there is not None and there.name == unique["Name"])
        fields = unique if is_unique else contact_of(push.learner)
        whole = contact_overlay.over(fields, there.raw if there else {})
        has_it = there is not None and there.contact_number == push.learner.number in doubled
        if has_it or push.learner_id in without_number:
            # It has its number, which Xero might not let it have again; or another one keeps it.
            del whole["ContactNumber"]
        contacts.append({"ContactID": str(push.contact_xero_id), **whole})
    key = push_rows.mark_sent(batch, clock())
    try:
        page = session.upsert_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in push_rows.halves(batch, error, clock()):
            _send(session, organisation, half, mirrored, clock, unique_names=unique_names)
        return
    refused = push_rows.take_answers(session, organisation, batch, contacts, page, clock())
    refused = look_ups.still_active(session, organisation, refused, clock)
    # Somebody else may have the number; that waits for a change there, by itself.
    refused = look_ups.without_obstacle(organisation, refused, clock)
    if refused and not unique_names:
        namesakes, refused = look_ups.renamed_like_others(session, organisation, refused, clock)
        if namesakes:
            _send(session, organisation, namesakes, mirrored, clock, unique_names=True)
    obstacles.explain(organisation, refused)
    push_rows.refuse(refused, now=clock())


def _without_number(organisation: Organisation, batch: list[ContactPush]) -> set[int]:
    """Return the learners whose number an archived contact of theirs keeps."""
    numbers = {push.learner_id: push.learner.number for push in batch}
    return archived_contacts.with_number_elsewhere(
        archived_contacts.links_of(organisation, list(numbers)),
        numbers=numbers,
        written={p.learner_id: p.contact_xero_id for p in batch if p.contact_xero_id},
    )


def _doubled_numbers(organisation: Organisation, batch: list[ContactPush]) -> set[str]:
    """Return numbers of learners that several contacts have, which Xero does not always prevent."""
    rows = Contact.objects.filter(
        organisation=organisation, contact_number__in=[push.learner.number for push in batch]
    )
    found = Counter(rows.values_list("contact_number", flat=True))
    return {number for number, count in found.items() if count > 1}


def _mirrored(
    organisation: Organisation, batch: list[ContactPush]
) -> dict[uuid.UUID | None, Contact]:
    contact_ids = [push.contact_xero_id for push in batch if push.contact_xero_id]
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=contact_ids)
    return {contact.xero_id: contact for contact in rows.defer("digest")}
