"""Fetching what events name, so that what cannot be fetched holds up nothing else.

A batch may fail for a reason of its own: Xero answers 500 for one document, or a reply cannot be
read or stored. Then nobody else's event may wait for it. But an outage looks the same, so one
light call asks first whether Xero answers lists of that kind at all; where it does not, the whole
inbox waits. Where it does, the batch is narrowed down by halves. What fails alone is put off, each
time for longer, and in the end left to the sweep, which lists by what was modified since and needs
no id. Narrowing is bounded: half an outage must not become hundreds of calls.
"""

import dataclasses
import logging
import random
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from invoices.models import ReadBy
from lrm.watching import log_context
from xero_sync import fetched_pages
from xero_sync.api import errors, responses, sessions
from xero_sync.jobs import leases, own_failures, retry_policy
from xero_sync.models import EventState, Inbox, WebhookEvent
from xero_sync.resources import Resource

logger = logging.getLogger(__name__)

# By then eight and a half minutes have passed.
GIVE_UP_AFTER = 8
# Failures in one narrowing: without a single success, and at all.
IN_VAIN, MOST_FAILURES = 6, 16
# So many webhooks one line of the log names.
MOST_NAMED = 20
_UNASKED = timedelta(seconds=4)
_LEFT_TO_SWEEP = "Could not be fetched by itself; left to the sweep"


@dataclasses.dataclass(frozen=True)
class Fetcher:
    """Fetches documents of one kind for one organisation and closes the events that named them."""

    session: sessions.Session
    inbox: Inbox
    resource: Resource
    clock: leases.Clock

    def fetch(self, ids: Sequence[UUID], named: Sequence[WebhookEvent]) -> None:
        """Fetch one batch of ids; whatever becomes of it, `named` is settled or put off.

        :raises errors.XeroError: Xero, the connection or a limit stands in the way of all.
        """
        mine = [event for event in named if event.resource_id in set(ids)]
        try:
            self._fetch(ids, mine)
        except Exception as error:
            if not own_failures.may_be_its_own(error) or not self._answers(error):
                raise
            logger.info("Narrowing down why %s ids of %s fail", len(ids), self.resource)
            self._narrow(ids, mine, error)

    def store(self, page: responses.Page | None, settled: Sequence[WebhookEvent]) -> None:
        """Store a page and settle the events that named what is on it, in one transaction."""
        with transaction.atomic():
            # The lease before what is stored, as whoever connects anew takes them.
            leases.renew(self.inbox, now=self.clock())
            if page is None:
                self.session.check_generation()
            else:
                fetched_pages.store(
                    self.session,
                    organisation_id=self.inbox.organisation_id,
                    resource=self.resource,
                    page=page,
                    by=ReadBy.WEBHOOK,
                    now=self.clock(),
                )
            _update(
                settled,
                state=EventState.DONE,
                settled_at=self.clock(),
                note="",
                xero_correlation_id=page.correlation_id[:64] if page else "",
            )
        self._log(page, settled)

    def _log(self, page: responses.Page | None, settled: Sequence[WebhookEvent]) -> None:
        """Say what was done for which webhooks: one call may fetch for many."""
        xero = page.correlation_id if page else ""
        with log_context.bound(correlation=_correlations_of(settled), xero=xero):
            logger.info("Fetched %s for %s events", self.resource, len(settled))

    def _fetch(self, ids: Sequence[UUID], named: Sequence[WebhookEvent]) -> None:
        """Fetch, store and settle; bills' stubs and the like are not there, which is fine.

        One alone is asked for as a list too: Xero's answer to a single GET words a document
        otherwise than its lists do, and the next re-sync would count it as changed.
        """
        with log_context.bound(correlation=_correlations_of(named)):
            try:
                page = self.session.by_ids(self.resource, ids)
            except errors.NotFound:
                page = None
            self.store(page, named)

    def _answers(self, error: Exception) -> bool:
        """Return whether Xero answers for this kind at all, asking for what changed just now."""
        if isinstance(error, errors.Rejected):
            return True
        try:
            self.session.list_page(
                self.resource, page=1, page_size=1, if_modified_since=self.clock()
            )
        except errors.Rejected:
            return True
        except (errors.Unavailable, errors.Unexpected):
            return False
        return True

    def _narrow(self, ids: Sequence[UUID], named: Sequence[WebhookEvent], error: Exception) -> None:
        """Ask by halves for what failed together, wide ones first.

        :raises Exception: what failed last, where nothing at all succeeds.
        """
        if len(ids) == 1:
            self._put_off(named, error)
            return
        failed, has_succeeded = 0, False
        # In any order: where much is broken, each try should find another part that is not.
        waiting = deque(own_failures.halves(random.sample(list(ids), len(ids))))
        while waiting:
            some = waiting.popleft()
            mine = [event for event in named if event.resource_id in set(some)]
            if failed >= MOST_FAILURES:
                self._leave_for_later(mine)
                continue
            try:
                self._fetch(some, mine)
                has_succeeded = True
            except Exception as own:
                if not own_failures.may_be_its_own(own):
                    raise
                failed += 1
                if failed >= IN_VAIN and not has_succeeded:
                    raise
                if len(some) == 1:
                    self._put_off(mine, own)
                else:
                    waiting.extend(own_failures.halves(some))
                leases.renew(self.inbox, now=self.clock())

    def _put_off(self, named: Sequence[WebhookEvent], error: Exception) -> None:
        """Try the events of one id again later; not for ever, and not where Xero rejects it."""
        if isinstance(error, errors.Rejected):
            self._ignore(named, why=f"Xero rejects it: {error.message}")
            return
        attempts = 1 + max((event.attempts for event in named), default=0)
        why = retry_policy.after(error, attempts=attempts).why
        if attempts >= GIVE_UP_AFTER:
            logger.warning("Gave up on fetching one id of %s: %s", self.resource, why)
            self._ignore(named, why=_LEFT_TO_SWEEP)
            return
        _update(
            named,
            attempts=attempts,
            not_before=self.clock() + retry_policy.back_off(attempts),
            note=why[:300],
        )

    def _leave_for_later(self, named: Sequence[WebhookEvent]) -> None:
        _update(named, not_before=self.clock() + _UNASKED)

    def _ignore(self, named: Sequence[WebhookEvent], *, why: str) -> None:
        _update(named, state=EventState.IGNORED, settled_at=self.clock(), note=why[:300])


def _correlations_of(events: Sequence[WebhookEvent]) -> str:
    """Return the ids of the webhooks that told of these: one call may fetch for many."""
    named = sorted({str(event.correlation_id) for event in events if event.correlation_id})
    return ",".join(named[:MOST_NAMED])


def _update(named: Sequence[WebhookEvent], **changes: Any) -> None:
    WebhookEvent.objects.filter(pk__in=[event.pk for event in named]).update(**changes)
