"""Sending learners: never twice, never over a stranger.

`ownership` knows whose contact is whose. First those with a contact are updated, by ContactID, with
the fields that the LRM owns and nothing else; so a number that one learner hands on is free by the
time the next one's contact is made. A contact that we did not make is looked at in Xero before it
is written over for the first time. A new contact is made by PUT, which refuses an existing name or
number where POST would silently overwrite. What stands in the way is kept with the push
(`obstacles`). Where a reply may have been lost, Xero is asked before anything is sent again.
"""

import dataclasses
import hashlib
import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from connected_apps.models import Organisation
from invoices.models import Contact
from lrm.models import Learner
from xero_sync.api import errors, json_codec, responses, sessions
from xero_sync.contacts import look_ups, ownership
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, PushState
from xero_sync.resources import Resource
from xero_sync.store import contact_links, page_store

logger = logging.getLogger(__name__)

# Xero's names of errors that are about the contacts in a request.
_AT_FAULT = frozenset({"ValidationException", "PostDataInvalidException"})
# What a push knows of contacts, once it is not under way any more.
_OVER: dict[str, Any] = {
    "contact_xero_id": None,
    "known_as": None,
    "candidate_xero_id": None,
    "candidate_why": "",
}


def send(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Send a batch: create, update or leave each learner's contact as it needs.

    :raises errors.XeroError: the rows stay as they are, to be tried again.
    """
    look_ups.settle_doubts(session, organisation, batch, clock)
    owned = look_ups.owned(organisation, batch, clock)
    if to_update := look_ups.checked(session, organisation, owned, clock):
        _update(session, organisation, to_update, clock)
    if to_create := look_ups.free(organisation, batch, clock):
        _create(session, organisation, to_create, clock)


def _create(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
    *,
    unique_names: bool = False,
) -> None:
    if not batch:
        return
    contacts = [contact_of(push.learner, unique_name=unique_names) for push in batch]
    key = _mark_sent(batch, clock())
    try:
        page = session.create_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in _halves(batch, error, clock()):
            _create(session, organisation, half, clock, unique_names=unique_names)
        return
    if refused := _take_answers(organisation, batch, contacts, page, clock()):
        _mend_refused(session, organisation, refused, clock, unique_names=unique_names)


def _mend_refused(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
    *,
    unique_names: bool,
) -> None:
    """Find out who has the name or the number, and do what the rule of identity says."""
    numbers = [push.learner.number for push in refused]
    look_ups.by_number(session, organisation, numbers, clock)
    if found := look_ups.owned(organisation, refused, clock):
        _update(session, organisation, found, clock)
    clashing = look_ups.free(organisation, refused, clock)
    if clashing and not unique_names:
        namesakes, clashing = look_ups.namesakes(session, organisation, clashing, clock)
        _create(session, organisation, namesakes, clock, unique_names=True)
    _refuse(clashing, now=clock())


def _update(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    batch = _changed_ones(batch)
    if not batch:
        return
    names = _names_in_xero(organisation, batch)
    contacts = []
    for push in batch:
        # A name that had to be made unique stays so: the plain one is somebody else's.
        unique = contact_of(push.learner, unique_name=True)
        was_unique = names.get(push.contact_xero_id) == unique["Name"]
        fields = unique if was_unique else contact_of(push.learner)
        contacts.append({"ContactID": str(push.contact_xero_id), **fields})
    key = _mark_sent(batch, clock())
    try:
        page = session.upsert_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in _halves(batch, error, clock()):
            _update(session, organisation, half, clock)
        return
    refused = _take_answers(organisation, batch, contacts, page, clock())
    _refuse(refused, now=clock())


def _halves(
    batch: list[ContactPush], error: errors.Rejected, now: datetime
) -> list[list[ContactPush]]:
    """Return what to send in place of a request that Xero rejected as a whole.

    So nobody is kept back by another: in the end the learner at fault stands alone, and is refused.
    Nothing was written, so there is no doubt about any of them.

    :raises errors.Rejected: it was not for what was sent, so that no learner is at fault.
    """
    if error.error_type not in _AT_FAULT:
        raise error
    logger.warning(
        "Xero rejected a request with %s learners (correlation %s)",
        len(batch),
        error.correlation_id,
    )
    if len(batch) == 1:
        batch[0].problem = " ".join(error.messages)[:1000] or "Xero did not say why"
        _refuse(batch, now=now)
        return []
    with transaction.atomic():
        leases.renew(*batch, now=now, state=PushState.PENDING)
        _end_doubt(batch)
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _names_in_xero(
    organisation: Organisation, batch: list[ContactPush]
) -> dict[uuid.UUID | None, str]:
    contact_ids = [push.contact_xero_id for push in batch if push.contact_xero_id]
    mirrored = Contact.objects.filter(organisation=organisation, xero_id__in=contact_ids)
    return dict(mirrored.values_list("xero_id", "name"))


def _changed_ones(batch: list[ContactPush]) -> list[ContactPush]:
    """Settle the rows whose contact Xero has as it is; return the others.

    Only after a sending whose reply is known: a row in doubt is sent again.
    """
    changed = []
    for push in batch:
        if push.sent_digest is None or bytes(push.sent_digest) != _digest(push.learner):
            changed.append(push)
        else:
            ContactPush.objects.filter(pk=push.pk, version=push.version).update(
                state=PushState.DONE, leased_until=None, attempts=0, problem="", **_OVER
            )
    return changed


def _digest(learner: Learner) -> bytes:
    """Return a fingerprint of what Xero is told of a learner."""
    return hashlib.blake2b(json_codec.dumps(contact_of(learner)), digest_size=16).digest()


def _mark_sent(batch: list[ContactPush], now: datetime) -> str:
    """Commit that these rows are about to be sent; return the batch's idempotency key.

    :raises leases.LeaseLost: another worker sends them.
    """
    key = uuid.uuid4().hex
    made = [push for push in batch if push.contact_xero_id is None]
    for push in batch:
        push.sent_version, push.sent_digest = push.version, None
    for push in made:
        push.known_as = ownership.known_as(push)
    with transaction.atomic():
        leases.renew(
            *batch,
            now=now,
            state=PushState.SENT,
            # Forgotten until the reply is known: in between nobody knows what Xero has.
            sent_digest=None,
            sent_version=F("version"),
            idempotency_key=key,
        )
        ContactPush.objects.bulk_update(made, ["known_as"])
    return key


def _take_answers(
    organisation: Organisation,
    batch: list[ContactPush],
    contacts: list[dict[str, Any]],
    page: responses.Page,
    now: datetime,
) -> list[ContactPush]:
    """Store what Xero accepted and return the rows it refused, with its words on them.

    Answers are matched by ContactID or ContactNumber: that they come in the order of the request
    is not promised.
    """
    answers: dict[str, dict[str, Any]] = {}
    for element in page.elements:
        for name in ("ContactID", "ContactNumber"):
            if element.get(name):
                answers[str(element[name])] = element
    refused = []
    accepted: list[dict[str, Any]] = []
    own: list[tuple[int, uuid.UUID]] = []
    with transaction.atomic():
        # In the order in which whoever stores contacts takes them, and before any row is locked.
        page_store.lock_names(organisation.pk, Resource.CONTACT)
        contact_links.hold([organisation.tenant_id])
        for push, sent in zip(batch, contacts, strict=True):
            answer = answers.get(str(sent.get("ContactID") or sent["ContactNumber"]), {})
            messages = errors.messages_of(answer)
            if not answer or messages:
                push.problem = " ".join(messages)[:1000] or "Xero's answer did not name it"
                refused.append(push)
                continue
            accepted.append(answer)
            own.append((push.learner_id, uuid.UUID(answer["ContactID"])))
            _mark_pushed(push, now)
        _end_doubt(refused)
        contact_links.make_own(organisation=organisation, pairs=own, now=now)
        whole = dataclasses.replace(page, elements=accepted)
        page_store.store(
            organisation_id=organisation.pk, resource=Resource.CONTACT, page=whole, now=now
        )
    return refused


def _end_doubt(batch: list[ContactPush]) -> None:
    """Note that Xero made none of the contacts that these were to have."""
    ownership.forget(push for push in batch if push.contact_xero_id is None)


def _mark_pushed(push: ContactPush, now: datetime) -> None:
    """Close the row, unless the learner was saved again meanwhile: then it stays waiting."""
    ContactPush.objects.filter(pk=push.pk).update(
        sent_digest=_digest(push.learner), leased_until=None, attempts=0, problem="", **_OVER
    )
    ContactPush.objects.filter(pk=push.pk, version=push.sent_version).update(
        state=PushState.DONE, done_at=now
    )
    ContactPush.objects.filter(pk=push.pk, version__gt=push.sent_version).update(
        state=PushState.PENDING
    )


def _refuse(batch: list[ContactPush], *, now: datetime) -> None:
    """Keep Xero's own words; a person mends the learner and saves it, which sends it again."""
    for push in batch:
        ContactPush.objects.filter(pk=push.pk, version=push.sent_version).update(
            state=PushState.REFUSED, problem=push.problem, leased_until=None, **_OVER
        )
