"""Sending learners: never twice, never over a stranger.

A learner that is not linked yet is looked up by its number first, here and, where a reply may have
been lost, in Xero; only then is a contact created, by PUT, which refuses an existing name or number
where POST would silently overwrite. Linked contacts are updated by ContactID with the fields that
the LRM owns and nothing else.
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
from invoices.models import Contact, ContactLink, LinkSource
from lrm.models import Learner
from xero_sync.api import client, errors, json_codec, responses, sessions
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, PushState
from xero_sync.resources import Resource
from xero_sync.store import page_store

logger = logging.getLogger(__name__)

# Xero's names of errors that are about the contacts in a request.
_AT_FAULT = frozenset({"ValidationException", "PostDataInvalidException"})


def send(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Send a batch: create, update or leave each learner's contact as it needs.

    :raises errors.XeroError: the rows stay as they are, to be tried again.
    """
    known = _contacts_of(organisation, batch)
    in_doubt = [p for p in batch if p.state == PushState.SENT and p.learner_id not in known]
    if in_doubt:
        _look_up(session, organisation, in_doubt, clock)
        known = _contacts_of(organisation, batch)
    to_update = [push for push in batch if push.learner_id in known]
    to_create = [push for push in batch if push.learner_id not in known]
    if to_create:
        _create(session, organisation, to_create, clock)
    if to_update:
        _update(session, organisation, to_update, known, clock)


def _contacts_of(organisation: Organisation, batch: list[ContactPush]) -> dict[int, str]:
    """Return {learner id: contact id}: by link, else by the number on a mirrored contact."""
    learners = {push.learner_id: push.learner for push in batch}
    rows = ContactLink.objects.filter(organisation=organisation, learner_id__in=learners)
    found = {
        learner_id: str(contact_id)
        for learner_id, contact_id in rows.order_by("-id").values_list(
            "learner_id", "contact_xero_id"
        )
    }
    by_number = {learner.number: pk for pk, learner in learners.items() if pk not in found}
    mirrored = Contact.objects.filter(
        organisation=organisation, contact_number__in=by_number, status="ACTIVE"
    )
    for number, contact_id in mirrored.values_list("contact_number", "xero_id"):
        found[by_number[number]] = str(contact_id)
    return found


def _look_up(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Ask Xero for contacts with these numbers, and mirror and link what it has."""
    for numbers in client.number_batches([push.learner.number for push in batch]):
        page = session.contacts_by_number(numbers)
        with transaction.atomic():
            page_store.store(
                organisation_id=organisation.pk,
                resource=Resource.CONTACT,
                page=page,
                now=clock(),
            )


def _create(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
    *,
    unique_names: bool = False,
) -> None:
    contacts = [contact_of(push.learner, unique_name=unique_names) for push in batch]
    key = _mark_sent(batch, clock())
    try:
        page = session.create_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in _halves(batch, error, clock()):
            _create(session, organisation, half, clock, unique_names=unique_names)
        return
    refused = _take_answers(organisation, batch, contacts, page, clock())
    if not refused:
        return
    # Refused for a name or number that exists: the number decides whose contact it is.
    _look_up(session, organisation, refused, clock)
    known = _contacts_of(organisation, refused)
    if known:
        found = [push for push in refused if push.learner_id in known]
        _update(session, organisation, found, known, clock)
    clashing = [push for push in refused if push.learner_id not in known]
    if clashing and not unique_names:
        _create(session, organisation, clashing, clock, unique_names=True)
    elif clashing:
        _refuse(clashing, now=clock())


def _update(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    known: dict[int, str],
    clock: leases.Clock,
) -> None:
    batch = _changed_ones(batch)
    if not batch:
        return
    names = _names_in_xero(organisation, [known[push.learner_id] for push in batch])
    contacts = []
    for push in batch:
        # A name that had to be made unique stays so: the plain one is somebody else's.
        unique = contact_of(push.learner, unique_name=True)
        was_unique = names.get(known[push.learner_id]) == unique["Name"]
        fields = unique if was_unique else contact_of(push.learner)
        contacts.append({"ContactID": known[push.learner_id], **fields})
    key = _mark_sent(batch, clock())
    try:
        page = session.upsert_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in _halves(batch, error, clock()):
            _update(session, organisation, half, known, clock)
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
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _names_in_xero(organisation: Organisation, contact_ids: list[str]) -> dict[str, str]:
    mirrored = Contact.objects.filter(organisation=organisation, xero_id__in=contact_ids)
    return {str(one.xero_id): one.name for one in mirrored}


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
                state=PushState.DONE, leased_until=None, attempts=0, problem=""
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
    for push in batch:
        push.sent_version = push.version
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
    with transaction.atomic():
        for push, sent in zip(batch, contacts, strict=True):
            answer = answers.get(str(sent.get("ContactID") or sent["ContactNumber"]), {})
            messages = errors.messages_of(answer)
            if not answer or messages:
                push.problem = " ".join(messages)[:1000] or "Xero's answer did not name it"
                refused.append(push)
                continue
            accepted.append(answer)
            _link(organisation, push, answer["ContactID"], now)
            _mark_pushed(push, now)
        whole = dataclasses.replace(page, elements=accepted)
        page_store.store(
            organisation_id=organisation.pk, resource=Resource.CONTACT, page=whole, now=now
        )
    return refused


def _link(organisation: Organisation, push: ContactPush, contact_id: str, now: datetime) -> None:
    ContactLink.objects.get_or_create(
        learner=push.learner,
        organisation=organisation,
        contact_xero_id=contact_id,
        defaults={"source": LinkSource.PUSHED, "created_at": now},
    )


def _mark_pushed(push: ContactPush, now: datetime) -> None:
    """Close the row, unless the learner was saved again meanwhile: then it stays waiting."""
    ContactPush.objects.filter(pk=push.pk).update(
        sent_digest=_digest(push.learner), leased_until=None, attempts=0, problem=""
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
            state=PushState.REFUSED, problem=push.problem, leased_until=None
        )
