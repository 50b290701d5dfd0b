"""What becomes of push rows: sent, answered, refused, done.

A row says that it was sent before anything is; what Xero accepted is stored with the link and the
row's end in one transaction. A learner that was saved again meanwhile stays waiting.
"""

import dataclasses
import hashlib
import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, JSONField, Value, When

from connected_apps.models import Organisation
from invoices.models import ReadBy
from lrm import row_locks
from lrm.models import Learner
from xero_sync import fetched_pages
from xero_sync.api import errors, failures, json_codec, responses, sessions
from xero_sync.contacts import ownership
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, PushState
from xero_sync.resources import Resource
from xero_sync.store import contact_links, name_locks

logger = logging.getLogger(__name__)

# Xero's names of errors that are about the contacts in a request.
_AT_FAULT = frozenset({"ValidationException", "PostDataInvalidException"})
UNNAMED = "Xero's answer did not name it"
# What a push knows of contacts, once it is not under way any more.
_OVER: dict[str, Any] = {
    "contact_xero_id": None,
    "known_as": None,
    "candidate_xero_id": None,
    "candidate_why": "",
}


def halves(
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
        batch[0].problem = " ".join(error.messages)[:1000] or failures.UNSAID
        refuse(batch, now=now)
        return []
    with transaction.atomic():
        has_one = When(contact_xero_id__isnull=False, then=F("known_as"))
        # In one statement: whoever writes to a row twice locks its learner, too, see `row_locks`.
        leases.renew(*batch, now=now, state=PushState.PENDING, known_as=Case(has_one))
    for push in batch:
        push.known_as = push.known_as if push.contact_xero_id else None
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def changed_ones(batch: list[ContactPush]) -> list[ContactPush]:
    """Settle the rows whose contact Xero has as it is; return the others.

    Only after a sending whose reply is known: a row in doubt is sent again.
    """
    changed = []
    for push in batch:
        if is_changed(push):
            changed.append(push)
        else:
            _let_go(push, push.version, state=PushState.DONE, attempts=0, problem="", **_OVER)
    return changed


def is_changed(push: ContactPush) -> bool:
    """Return whether a learner differs from what Xero was told of it, as far as that is known."""
    return push.sent_digest is None or bytes(push.sent_digest) != _digest(push.learner)


def _digest(learner: Learner) -> bytes:
    """Return a fingerprint of what Xero is told of a learner."""
    return hashlib.blake2b(json_codec.dumps(contact_of(learner)), digest_size=16).digest()


def mark_sent(batch: list[ContactPush], now: datetime) -> str:
    """Commit that these rows are about to be sent; return the batch's idempotency key.

    :raises leases.LeaseLost: another worker sends them.
    """
    key = uuid.uuid4().hex
    for push in batch:
        push.sent_version, push.sent_digest = push.version, None
        if push.contact_xero_id is None:
            push.known_as = ownership.known_as(push)
    sent_as = (
        When(pk=push.pk, then=Value(push.known_as, JSONField()))
        for push in batch
        if push.contact_xero_id is None
    )
    with transaction.atomic():
        # In one statement: whoever writes to a row twice locks its learner, too, see `row_locks`.
        leases.renew(
            *batch,
            now=now,
            state=PushState.SENT,
            # Forgotten until the reply is known: in between nobody knows what Xero has.
            sent_digest=None,
            sent_version=F("version"),
            idempotency_key=key,
            known_as=Case(*sent_as, default=F("known_as")),
        )
    return key


def take_answers(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    contacts: list[dict[str, Any]],
    page: responses.Page,
    now: datetime,
) -> list[ContactPush]:
    """Store what Xero accepted and return the rows it refused, with its words on them.

    Answers are matched by ContactID or ContactNumber: that they come in the order of the request
    is not promised.

    :raises connection_errors.StaleGeneration: the connection has moved on; the rows stay in doubt.
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
        name_locks.hold(organisation.pk, Resource.CONTACT)
        contact_links.hold([organisation.tenant_id])
        # Without those whose learner was erased while Xero was asked: their contacts are nobody's.
        there = set(row_locks.lock(ContactPush.objects.filter(pk__in=[push.pk for push in batch])))
        for push, sent in zip(batch, contacts, strict=True):
            if push.pk not in there:
                continue
            answer = _answer_to(sent, answers)
            if reasons := failures.refusal_of(answer) if answer else [UNNAMED]:
                push.problem = " ".join(reasons)[:1000]
                refused.append(push)
                continue
            accepted.append(answer)
            own.append((push.learner_id, uuid.UUID(answer["ContactID"])))
            _mark_pushed(push, now)
        _end_doubt(refused)
        contact_links.make_own(organisation=organisation, pairs=own, now=now)
        whole = dataclasses.replace(page, elements=accepted)
        fetched_pages.store(
            session,
            organisation_id=organisation.pk,
            resource=Resource.CONTACT,
            page=whole,
            by=ReadBy.PUSH,
            now=now,
        )
    return refused


def _answer_to(sent: dict[str, Any], answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what Xero answered on a contact that was sent; empty where it named it nowhere.

    A contact that was to be made and failed is echoed under the nil id. Nobody says that one which
    was to be changed keeps its own, so its refusal is looked for by the number, too; but never what
    was accepted, which would be another contact.
    """
    number = str(sent.get("ContactNumber"))
    if "ContactID" not in sent:
        return answers.get(number, {})
    echo = answers.get(number, {})
    return answers.get(sent["ContactID"]) or (echo if failures.refusal_of(echo) else {})


def _end_doubt(batch: list[ContactPush]) -> None:
    """Note that Xero made none of the contacts that these were to have."""
    ownership.forget(push for push in batch if push.contact_xero_id is None)


def _mark_pushed(push: ContactPush, now: datetime) -> None:
    """Close the row, unless the learner was saved again meanwhile: then it stays waiting."""
    over = {"sent_digest": _digest(push.learner), "attempts": 0, "problem": "", **_OVER}
    _let_go(push, push.sent_version, state=PushState.DONE, done_at=now, **over)
    _let_go(push, None, state=PushState.PENDING, **over)


def go_again(batch: list[ContactPush]) -> None:
    """Let rows that were sent in vain find their contacts anew, with the next batch."""
    for push in batch:
        ContactPush.objects.filter(pk=push.pk).update(
            state=PushState.PENDING, leased_until=None, not_before=None, **_OVER
        )


def refuse(batch: list[ContactPush], *, now: datetime) -> None:
    """Keep Xero's own words; a person mends the learner and saves it, which sends it again."""
    for push in batch:
        _let_go(push, push.sent_version, state=PushState.REFUSED, problem=push.problem, **_OVER)


def park(push: ContactPush, problem: str) -> None:
    """Let a push that was not sent wait for a person, who mends the learner and saves it."""
    _let_go(push, push.version, state=PushState.REFUSED, problem=problem[:1000], **_OVER)
    _let_go(push, None, state=PushState.PENDING)


def _let_go(push: ContactPush, version: int | None, **changes: Any) -> None:
    """Write to a row, and give it back, where this worker has it still.

    Where the connection changed hands meanwhile, the row is not this worker's any more, and
    what it has learnt says nothing of the other organisation.

    :param version: the learner must not have been saved since it had this one.
    """
    rows = ContactPush.objects.filter(pk=push.pk, leased_until__in=push.lease_ends)
    if version is not None:
        rows = rows.filter(version=version)
    rows.update(leased_until=None, **changes)
