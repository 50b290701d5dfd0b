"""What there is to know of a webhook subscription."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from xero_simulator.webhooks.webhook_payload import COLLECTION_OF_CATEGORY, Event


class Status(StrEnum):
    """Where the subscription stands."""

    NONE = "none"
    UNVERIFIED = "unverified"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass
class Knobs:
    """What a test lets go wrong with deliveries.

    :param lose_next: so many events yet to happen are never sent.
    :param double: every POST is sent twice.
    :param shuffle: events leave in any order.
    :param delay_seconds: how late events leave, in simulated seconds.

    The chances are shares of 1, drawn from the seed:

    :param lose_chance: of an event, never to be sent.
    :param delay_chance: of an event, to be as late as `delay_seconds` says.
    :param double_chance: of a POST, to be sent twice.
    :param shuffle_chance: of a POST, to take its events from anywhere in the queue.
    """

    lose_next: int = 0
    double: bool = False
    shuffle: bool = False
    delay_seconds: float = 0.0
    lose_chance: float = 0.0
    delay_chance: float = 1.0
    double_chance: float = 0.0
    shuffle_chance: float = 0.0


@dataclass(frozen=True)
class Delivery:
    """One POST that was made."""

    at: datetime
    first: int
    last: int
    events: int
    categories: str
    status: int
    problem: str

    @classmethod
    def of(cls, batch: Sequence[Event], *, at: datetime, status: int, problem: str) -> Self:
        """Return the delivery of a batch, with what was answered."""
        numbers = [event.sequence for event in batch]
        categories = sorted({event.content["eventCategory"] for event in batch})
        return cls(
            at=at,
            first=min(numbers),
            last=max(numbers),
            events=len(batch),
            categories=", ".join(categories),
            status=status,
            problem=problem,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as plain values."""
        return {**self.__dict__, "at": self.at.isoformat()}


@dataclass(frozen=True)
class SubscriptionSnapshot:
    """What a restart restores of the subscription.

    :param asked: address and key of the command line at that time; where it names others at the
        restart, those win.
    """

    asked: tuple[str, str]
    url: str
    key: str
    status: Status
    failing_since: datetime | None
    retry_at: datetime | None
    verified: list[tuple[str, str]]
    knobs: Knobs
    pending: list[Event]
    recent: list[Delivery]
    sequence: int
    delivered: int
    posts: int
    lost: int
    categories: list[str] = field(default_factory=lambda: [*COLLECTION_OF_CATEGORY])
