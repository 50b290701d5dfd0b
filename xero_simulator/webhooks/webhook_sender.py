"""The webhook subscription: which events it sends, when, and what happens when nobody answers.

An app has one subscription, for all tenants connected to it. What happens within a fifth of a
second leaves in one POST of at most 500 events. Anything but 200 within five seconds fails: it is
tried again at once, then every 15 minutes for 24 hours, then the subscription is disabled. Events
are kept 31 days and leave in their order once the receiver is healthy, or has passed the
intent-to-receive check again (Xero's webhooks overview). The 15 minutes, 24 hours and 31 days are
of the simulator's clock, the fifth of a second and the five seconds are real ones.
"""

import asyncio
import contextlib
import random
from collections import deque
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from xero_simulator.simulations import Change, Simulation
from xero_simulator.webhooks import (
    subscription,
    webhook_faults,
    webhook_payload,
    webhook_transport,
)
from xero_simulator.webhooks.subscription import Delivery, Knobs, Status
from xero_simulator.webhooks.webhook_payload import Event

BATCH_SECONDS = 0.2
MOST_EVENTS = 500
RETRY_EVERY = timedelta(minutes=15)
RETRY_FOR = timedelta(hours=24)
KEEP_FOR = timedelta(days=31)
START_CHECK_SECONDS = 60
_POLL_SECONDS = 0.05


class Sender:
    """The subscription and its background work."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._verified: set[tuple[str, str]] = set()
        self._sequence = 0  # Never starts again: a POST under way may outlive a reset.
        self.reset()

    def reset(self) -> None:
        """Go back to the subscription of the command line, enabled if it ever passed its check."""
        self._rng = random.Random(self._simulation.options.seed)
        self._faults = webhook_faults.WebhookFaults(seed=self._simulation.options.seed)
        self.knobs = Knobs()
        self._pending: deque[Event] = deque()
        self.recent: deque[Delivery] = deque(maxlen=200)
        self._delivered = self._posts = self._lost = 0
        self._was_enabled = False
        self.categories = set(webhook_payload.COLLECTION_OF_CATEGORY)
        self.subscribe(*self._requested())
        if (self.url, self._key) in self._verified:
            self.enable()

    def subscribe(self, url: str, key: str) -> None:
        """Send to another address or sign with another key; the check must be passed anew."""
        self.url, self._key = url, key
        self.status = Status.UNVERIFIED if url else Status.NONE
        self._failing_since: datetime | None = None
        self._retry_at: datetime | None = None

    def set_key(self, key: str) -> None:
        """Sign with another key from now on."""
        self._key = key

    def enable(self) -> None:
        """Deliver from now on, first what has waited."""
        self.status = Status.ENABLED
        self._failing_since = self._retry_at = None
        self._wake.set()

    def disable(self) -> None:
        """Keep events instead of sending them."""
        self.status = Status.DISABLED

    def queue_change(self, change: Change) -> None:
        """Queue a change, if the app may hear of it and has opted into its category."""
        simulation = self._simulation
        if change.category not in self.categories:
            return
        if not simulation.connections.is_watched(simulation.app.client_id, change.tenant_id):
            return
        self.queue(
            webhook_payload.content_of(
                change,
                public_url=simulation.options.public_url,
                tenant_type=simulation.organisations[change.tenant_id].tenant_type,
            )
        )

    def queue(self, content: dict[str, Any]) -> None:
        """Queue an event as it stands, where anybody listens."""
        if not self.url:
            return
        if self._faults.loses(self.knobs):
            self._lost += 1
            return
        self._sequence += 1
        now = self._simulation.clock.now()
        due_at = now + timedelta(seconds=self._faults.delay(self.knobs))
        self._pending.append(Event(self._sequence, now, due_at, content))
        self._wake.set()

    def snapshot(self) -> subscription.SubscriptionSnapshot:
        """Return what a restart must restore."""
        return subscription.SubscriptionSnapshot(
            asked=self._requested(),
            url=self.url,
            key=self._key,
            status=self.status,
            failing_since=self._failing_since,
            retry_at=self._retry_at,
            verified=sorted(self._verified),
            knobs=self.knobs,
            pending=list(self._pending),
            recent=list(self.recent),
            sequence=self._sequence,
            delivered=self._delivered,
            posts=self._posts,
            lost=self._lost,
            categories=sorted(self.categories),
        )

    def restore(self, snapshot: subscription.SubscriptionSnapshot) -> None:
        """Go on from a snapshot; what was enabled is checked anew: the receiver restarts too."""
        if snapshot.asked == self._requested():
            self.subscribe(snapshot.url, snapshot.key)
            self._was_enabled = snapshot.status is Status.ENABLED
            if not self._was_enabled:
                self.status = snapshot.status
            self._failing_since, self._retry_at = snapshot.failing_since, snapshot.retry_at
        self._verified, self.knobs = set(snapshot.verified), snapshot.knobs
        self._pending.extend(snapshot.pending)
        self.recent.extend(snapshot.recent)
        self._sequence, self._delivered = snapshot.sequence, snapshot.delivered
        self._posts, self._lost = snapshot.posts, snapshot.lost
        self.categories = set(snapshot.categories)

    async def check_intent(self) -> webhook_transport.Verdict:
        """Run the intent-to-receive check: passed, what has waited leaves; failed, it waits."""
        verdict = await webhook_transport.check_intent(
            self._client(), self.url, self._key, self._rng
        )
        if verdict.passed:
            self._verified.add((self.url, self._key))
            self.enable()
        elif self.status is Status.ENABLED:
            self.disable()
        return verdict

    async def flush(self) -> dict[str, int]:
        """Send what is pending now, due or not; return how many events left and how many wait."""
        before = self._delivered
        await self._deliver(at_once=True)
        return {"delivered": self._delivered - before, "pending": len(self._pending)}

    def state(self) -> dict[str, Any]:
        """Return the subscription as plain values, without its key."""
        return {
            "url": self.url,
            "status": self.status,
            "pending": len(self._pending),
            "delivered": self._delivered,
            "posts": self._posts,
            "lost": self._lost,
            "last_sequence": self._sequence,
            "retry_at": self._retry_at.isoformat() if self._retry_at else None,
            "categories": sorted(self.categories),
            **self.knobs.__dict__,
            "recent": [delivery.as_json() for delivery in reversed(self.recent)],
        }

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            while not self._is_due():
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    # A jump of the clock wakes nobody, so the queue is looked at again.
                    await asyncio.wait_for(
                        self._wake.wait(), timeout=_POLL_SECONDS if self._pending else None
                    )
            await asyncio.sleep(BATCH_SECONDS)
            await self._deliver(at_once=False)

    async def check_at_start(self) -> None:
        """Try the intent-to-receive check each second for a minute, until the receiver is up.

        A subscription that was enabled before a restart is so again, even without an answer.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + START_CHECK_SECONDS
        while self.status is Status.UNVERIFIED and loop.time() < give_up_at:
            if not (await self.check_intent()).passed:
                await asyncio.sleep(1)
        if self._was_enabled and self.status is Status.UNVERIFIED:
            self.enable()

    async def close(self) -> None:
        """Close the connections to the receiver."""
        if self._session is not None:
            await self._session.close()

    def _requested(self) -> tuple[str, str]:
        """Return address and key of the command line."""
        return self._simulation.options.webhook_url, self._simulation.options.webhook_key

    def _is_due(self) -> bool:
        if self.status is not Status.ENABLED or not self._pending:
            return False
        now = self._simulation.clock.now()
        if self._retry_at is not None and now < self._retry_at:
            return False
        return any(event.due_at <= now for event in self._pending)

    async def _deliver(self, *, at_once: bool) -> None:
        async with self._lock:
            while at_once or self._is_due():
                batch = self._next_batch(at_once=at_once)
                if self.status is not Status.ENABLED or not batch:
                    return
                if not await self._send(batch):
                    return
                sent = {event.sequence for event in batch}
                self._pending = deque(
                    event for event in self._pending if event.sequence not in sent
                )

    def _next_batch(self, *, at_once: bool) -> list[Event]:
        now = self._simulation.clock.now()
        while self._pending and now - self._pending[0].happened_at > KEEP_FOR:
            self._pending.popleft()
        due = [event for event in self._pending if at_once or event.due_at <= now]
        if self._faults.shuffles(self.knobs):
            self._rng.shuffle(due)
        return due[:MOST_EVENTS]

    async def _send(self, batch: list[Event]) -> bool:
        """Post a batch, twice if need be, and return whether it arrived."""
        body = webhook_payload.body_of(batch, self._rng)
        for _ in range(2):
            if await self._post(batch, body):
                if self._faults.doubles(self.knobs):
                    await self._post(batch, body)
                self._delivered += len(batch)
                self._failing_since = self._retry_at = None
                return True
        now = self._simulation.clock.now()
        self._failing_since = self._failing_since or now
        self._retry_at = now + RETRY_EVERY
        if now - self._failing_since >= RETRY_FOR:
            self.disable()
        return False

    async def _post(self, batch: list[Event], body: bytes) -> bool:
        reply = await webhook_transport.post(
            self._client(), self.url, body, webhook_payload.signature_of(body, self._key)
        )
        self._posts += 1
        now = self._simulation.clock.now()
        self.recent.append(Delivery.of(batch, at=now, status=reply.status, problem=reply.problem))
        return reply.status == 200

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            patience = aiohttp.ClientTimeout(total=self._simulation.options.webhook_timeout)
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=patience
            )
        return self._session
