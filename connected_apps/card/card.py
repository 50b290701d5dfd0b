"""What the Xero card shows, worked out apart from how it looks."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from connected_apps import freshness, queries
from connected_apps.card import facts, wording
from connected_apps.card.facts import Fact, Figure
from connected_apps.lifecycle import disconnecting
from connected_apps.models import Connection, State
from connected_apps.states import states
from lrm import access, permissions
from lrm.models import Portal, User

ATTENTION = "attention"
CONNECTED = "connected"
AVAILABLE = "available"

_GROUPS = {
    State.NEEDS_RECONNECTING: ATTENTION,
    State.DISCONNECTED_IN_XERO: ATTENTION,
    State.CONNECTED_WITH_PROBLEMS: ATTENTION,
    State.CONNECTED: CONNECTED,
    State.PAUSED: CONNECTED,
}


@dataclass(frozen=True)
class Card:
    """The Xero card as one person sees it at one moment."""

    connection: Connection | None
    state: State
    words: wording.StateWords
    reason: str
    group: str
    facts: list[Fact]
    figures: list[Figure]
    permissions: list[str]
    missing: list[str]
    removals: list[str]
    may_act: bool
    people_who_may: list[User]
    can_disconnect: bool
    # What apps know that is not as it should be, with what happens next.
    cautions: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether calls are made for this connection."""
        return self.state in states.LIVE

    @property
    def connect_label(self) -> str:
        """The words on the button that leads to Xero."""
        return "Connect to Xero" if self.group == AVAILABLE else "Reconnect to Xero"

    @property
    def state_in_words(self) -> str:
        """The state of the connection itself, whatever stands on the pill."""
        return str(self.state.label)

    @property
    def mark(self) -> str:
        """What the card around its live part depends on; when it differs, all of it is renewed."""
        generation = self.connection.generation if self.connection else 0
        return (
            f"{self.state}-{generation}-{len(self.missing)}-{len(self.removals)}-{self.words.word}"
        )


def card_of(*, portal: Portal, user: User, now: datetime) -> Card:
    """Return the card of a portal for one of its people."""
    connection = queries.connection_of(portal)
    may_act = permissions.may_manage_connected_apps(user)
    people = (
        [] if may_act else access.people_with(permissions.may_manage_connected_apps, portal=portal)
    )
    removals = [removal.organisation_name for removal in queries.removals_waiting(portal)]
    if connection is None:
        return Card(
            connection=None,
            state=State.NOT_CONNECTED,
            words=wording.of_state(State.NOT_CONNECTED),
            reason="",
            group=AVAILABLE,
            facts=[],
            figures=[],
            permissions=[],
            missing=[],
            removals=removals,
            may_act=may_act,
            people_who_may=people,
            can_disconnect=False,
        )
    shown = states.shown(connection, now=now)
    missing = missing_permissions(connection, shown.state)
    shown_facts = _facts(connection, now=now)
    is_live = shown.state in states.LIVE
    cautions = [
        wording.Step(fact.next_step, fact.address, fact.link)
        for fact in shown_facts
        if is_live and fact.next_step
    ]
    words = wording.of_state(shown.state)
    if is_live:
        fresh = freshness.of(portal, now=now)
        is_first = fresh.condition == freshness.Condition.FIRST_SYNC
        is_told = is_first and facts.is_told_of_first_sync(connection, user)
        words = wording.of_live(
            fresh, cautions=cautions, is_told=is_told, now=now, zone=portal.zone
        )
        if missing:
            words = dataclasses.replace(words, word="Needs a permission", look="warn")
    return Card(
        connection=connection,
        state=shown.state,
        words=words,
        reason=shown.reason,
        group=ATTENTION if missing else _GROUPS.get(shown.state, AVAILABLE),
        facts=shown_facts,
        figures=facts.figures_of(connection, now=now) if is_live else [],
        permissions=_permissions(connection, shown.state),
        missing=missing,
        removals=removals,
        may_act=may_act,
        people_who_may=people,
        can_disconnect=disconnecting.can_disconnect(connection),
        cautions=tuple(dict.fromkeys(step.text for step in cautions)),
    )


def _permissions(connection: Connection, state: State) -> list[str]:
    if connection.grant is None or state not in states.LIVE:
        return []
    return wording.permissions_of(connection.grant.scopes)


def missing_permissions(connection: Connection, state: State) -> list[str]:
    """Return what Xero has not allowed yet, in words; empty where no calls are made."""
    if connection.grant is None or state not in states.LIVE:
        return []
    lacking = wording.missing_scopes(granted=connection.grant.scopes, needed=settings.XERO_SCOPES)
    return wording.permissions_of(" ".join(lacking))


def _facts(connection: Connection, *, now: datetime) -> list[Fact]:
    if connection.organisation is None:
        return []
    own = [Fact("Connection", str(State(connection.state).label), connection.state_since)]
    if connection.connected_at is not None:
        own.append(
            Fact("Connected by", str(connection.connected_by or ""), connection.connected_at)
        )
    if connection.grant is not None and connection.grant.xero_user_name:
        own.append(Fact("Allowed in Xero by", connection.grant.xero_user_name))
    if connection.last_good_sync_at is not None:
        own.append(Fact("Last complete sync", at=connection.last_good_sync_at))
    if connection.checked_at is not None:
        own.append(Fact("Connection last confirmed by Xero", at=connection.checked_at))
    return own + facts.facts_of(connection, now=now)
