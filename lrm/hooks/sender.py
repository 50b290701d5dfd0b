"""A worker's turn at one endpoint: what is due is posted, and what became of it is noted.

Each endpoint is taken by one worker at a time, under a lease that lapses, and its messages go one
after the other; so whoever does not answer holds up a worker for seconds, and itself for longer,
and nobody else. A worker that is killed between the post and the note has the message sent again
with the same id. No transaction is open while a receiver is waited for.

What was written down before its type was taken off the endpoint's choice is left out.

What fails is tried again after 5 seconds, 20, 80 and so on, at most 12 hours, each give or take a
fifth, for three days. An endpoint to which all of that failed is switched off, and portal admins
are told.
"""

import json
import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from lrm import notices, sealed_values
from lrm.hooks import endpoints, event_types, posting, signing
from lrm.models import HookEndpoint, HookMessage, HookState, NoticeLevel, User

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# Longer than a post with its look-up; a killed worker's endpoint is free after it.
LEASE = timedelta(seconds=90)
TURN = timedelta(seconds=20)
PATIENCE = timedelta(days=3)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=12)
# For how long an endpoint that does not answer is left alone, whatever waits for it.
_LONGEST_REST = timedelta(minutes=5)
# So many refusals in a row, and it is left alone like one that does not answer.
_MOST_REFUSALS = 5
_LOST_KEY = "Its secret cannot be decrypted; support must put TOKEN_ENCRYPTION_KEYS right"


class LeaseLost(Exception):
    """Another worker has the endpoint, or it was deleted."""


def waiting_endpoints(*, now: datetime) -> list[int]:
    """Return the endpoints that a worker should be woken for."""
    due = HookMessage.objects.filter(
        endpoint=OuterRef("pk"), state=HookState.WAITING, due_at__lte=now
    )
    found = HookEndpoint.objects.filter(_takeable(now), Exists(due))
    return list(found.order_by("pk").values_list("pk", flat=True))


def send_due(*, endpoint_id: int, clock: Clock) -> timedelta | None:
    """Send what is due to an endpoint; return when to come back, None where beat will see to it."""
    now = clock()
    until = now + LEASE
    if not HookEndpoint.objects.filter(_takeable(now), pk=endpoint_id).update(leased_until=until):
        return None
    turn = _Turn(endpoint_id, until, clock)
    try:
        return turn.work()
    except LeaseLost:
        logger.info("Lost the lease on endpoint %s", endpoint_id)
        return None


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed tries in a row, give or take a fifth."""
    wait = min(_FIRST_WAIT * float(4 ** min(attempts - 1, 12)), _LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads tries, keeps no secret


def body_of(message: HookMessage) -> bytes:
    """Return what is posted: the same bytes in each try."""
    data = dict(message.data)
    data["url"] = settings.PUBLIC_URL + data.pop("path")
    said = {"type": message.type, "timestamp": message.at.isoformat(), "data": data}
    return json.dumps(said, separators=(",", ":")).encode()


def _takeable(now: datetime) -> Q:
    is_free = Q(leased_until=None) | Q(leased_until__lt=now)
    return is_free & Q(is_on=True) & (Q(not_before=None) | Q(not_before__lte=now))


class _Turn:
    """One worker's turn; `until` is the lease that it holds."""

    def __init__(self, endpoint_id: int, until: datetime, clock: Clock) -> None:
        self._id, self._until, self._clock = endpoint_id, until, clock

    def work(self) -> timedelta | None:
        ends_at = self._clock() + TURN
        while (message := self._next()) is not None:
            outcome = self._post(message)
            rests = self._note(message, outcome)
            if rests or self._clock() >= ends_at:
                break
        return self._let_go()

    def _next(self) -> HookMessage | None:
        """Return what is due, under a lease that lasts from now on, read anew with its endpoint."""
        self._renew()
        due = self._waiting().filter(due_at__lte=self._clock(), endpoint__is_on=True)
        due = due.select_related("endpoint__portal").order_by("due_at", "pk")
        message = due.first()
        if message is None or event_types.is_wanted(message.type, message.endpoint.types):
            return message
        wanted = [*(message.endpoint.types or ()), event_types.TEST]
        self._waiting().exclude(type__in=wanted).update(state=HookState.LEFT_OUT)
        return due.first()

    def _waiting(self) -> QuerySet[HookMessage]:
        return HookMessage.objects.filter(endpoint_id=self._id, state=HookState.WAITING)

    def _post(self, message: HookMessage) -> posting.Outcome:
        body, now = body_of(message), self._clock()
        try:
            secret_values = endpoints.secrets_of(message.endpoint, now=now)
        except sealed_values.CannotOpen:
            logger.error(  # noqa: TRY400 - the traceback says nothing more
                "The secret of %s cannot be decrypted", message.endpoint
            )
            return posting.Outcome(None, _LOST_KEY)
        headers = signing.headers(
            secret_values,
            message_id=f"msg_{message.message_id.hex}",
            timestamp=int(now.timestamp()),
            body=body,
        )
        return posting.post(message.endpoint.url, body=body, headers=headers)

    @transaction.atomic
    def _note(self, message: HookMessage, outcome: posting.Outcome) -> bool:
        """Write down what became of a try; return whether the endpoint is left alone for now."""
        now = self._clock()
        # First the endpoint, then its message: so does everybody.
        self._renew()
        changes: dict[str, Any] = {
            "tried_at": now,
            "status": outcome.status,
            "answer": outcome.words[:300],
            "attempts": message.attempts + 1,
        }
        is_over = not outcome.is_taken and now - message.waits_since >= PATIENCE
        if outcome.is_taken:
            self._renew(failures=0, failing_since=None, not_before=None)
            changes["state"] = HookState.TAKEN
        elif is_over:
            changes["state"] = HookState.GIVEN_UP
        else:
            changes["due_at"] = now + wait_after(message.attempts + 1)
        # Unless a person has had it sent again meanwhile.
        self._waiting().filter(pk=message.pk, waits_since=message.waits_since).update(**changes)
        if outcome.is_taken:
            return False
        # Whether nothing at all got through for as long as this message was tried.
        is_dead = is_over and message.endpoint.failures >= message.attempts
        return self._note_failure(message.endpoint, outcome, is_dead=is_dead, now=now)

    def _note_failure(
        self, endpoint: HookEndpoint, outcome: posting.Outcome, *, is_dead: bool, now: datetime
    ) -> bool:
        failures = endpoint.failures + 1
        rests = outcome.status is None or failures >= _MOST_REFUSALS
        rest = min(_FIRST_WAIT * 2 ** min(failures - 1, 12), _LONGEST_REST)
        self._renew(
            failures=failures,
            failing_since=endpoint.failing_since or now,
            not_before=now + rest if rests else None,
        )
        if is_dead or outcome.status == posting.GONE:
            _switch_off(endpoint, outcome, now=now)
            return True
        return rests

    def _renew(self, **changes: Any) -> None:
        """Prove that the endpoint is still this worker's and make that last.

        :raises LeaseLost: it is not; the transaction of the caller must not be committed.
        """
        until = max(self._clock() + LEASE, self._until + timedelta(microseconds=1))
        mine = HookEndpoint.objects.filter(pk=self._id, leased_until=self._until)
        if not mine.update(leased_until=until, **changes):
            raise LeaseLost
        self._until = until

    def _let_go(self) -> timedelta | None:
        """Give the endpoint back and return when the next of its messages is due."""
        mine = HookEndpoint.objects.filter(pk=self._id, leased_until=self._until)
        if not mine.update(leased_until=None):
            return None
        row = HookEndpoint.objects.filter(pk=self._id).values("is_on", "not_before").first()
        due_at = self._waiting().order_by("due_at").values_list("due_at", flat=True).first()
        if row is None or not row["is_on"] or due_at is None:
            return None
        now = self._clock()
        return max(max(due_at, row["not_before"] or due_at) - now, timedelta(0))


def _switch_off(endpoint: HookEndpoint, outcome: posting.Outcome, *, now: datetime) -> None:
    """Switch an endpoint off to which nothing gets through, and tell portal admins."""
    why = (
        "It answered that it is gone for good (410)"
        if outcome.status == posting.GONE
        else f"Nothing was taken for three days. The last try: {outcome.words}"
    )
    if endpoints.switch_off(endpoint=endpoint, by=None, now=now, reason=why):
        admins = User.objects.filter(
            portal_id=endpoint.portal_id, is_portal_admin=True, is_active=True
        )
        notices.notify(
            users=list(admins),
            level=NoticeLevel.WARNING,
            text=f"The webhook endpoint {endpoint.name} was switched off. {why}. What waits for it "
            "is sent when you switch it on again.",
            url=reverse("settings_webhook", args=[endpoint.pk]),
        )
