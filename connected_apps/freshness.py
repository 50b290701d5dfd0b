"""How fresh and complete the documents here are: one answer for every page and every file.

`of` gives it. What keeps documents from being all and new is a gap; the worst comes first and is
the condition of the whole. This app knows the gaps of the connection; apps above register
functions for theirs in their `AppConfig.ready`, and registering one twice does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connected_apps import queries
from connected_apps.models import Connection, State
from connected_apps.states import states
from lrm import access, moments, permissions
from lrm.models import Portal
from lrm.templatetags.shell import alternatives


class Condition(StrEnum):
    """What may be said of the documents here, from the worst to the best."""

    NOT_CONNECTED = "not_connected"
    DISCONNECTED = "disconnected"
    KIND_REFUSED = "kind_refused"
    FIRST_SYNC_CANCELLED = "first_sync_cancelled"
    PAUSED = "paused"
    FIRST_SYNC = "first_sync"
    NOT_SAVED = "could_not_be_saved"
    DIFFERS = "differs"
    UP_TO_DATE = "up_to_date"


_RANKS = {condition: rank for rank, condition in enumerate(Condition)}
_HEADINGS = {
    Condition.NOT_CONNECTED: "Not connected.",
    Condition.DISCONNECTED: "Not up to date.",
    Condition.PAUSED: "Not up to date.",
    Condition.FIRST_SYNC: "Not complete yet.",
    Condition.UP_TO_DATE: "Up to date.",
}
_NOT_COMPLETE = "Not complete."
_LOOKS = {Condition.UP_TO_DATE: "ok", Condition.FIRST_SYNC: "busy", Condition.NOT_CONNECTED: "idle"}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One reason why documents here are not all there are, or not as they are in Xero.

    :param text: whole sentences: the cause, and what is not shown.
    :param remedy: what a person can do about it, after "can"; empty where it passes by itself.
    :param read: of a first sync, how many documents were read; `total` of how many, once known.
    :param count: how many documents could not be saved, how many re-syncs found a difference, or
        how many kinds are not read.
    """

    condition: Condition
    text: str
    remedy: str = ""
    read: int | None = None
    total: int | None = None
    count: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    # What the pill of the card says, where another word fits than that of the condition.
    word: str = ""
    # Where portal admins see more of it, and the words that lead there.
    address: str = ""
    link: str = ""


@dataclass(frozen=True)
class Freshness:
    """How fresh and complete a portal's documents are at one moment."""

    gaps: tuple[Gap, ...]
    # The last moment at which everything was known to be in step.
    as_of: datetime | None
    _as_of_words: str = ""
    people: list[str] = field(default_factory=list)

    @property
    def condition(self) -> Condition:
        """The condition of the whole: that of the worst gap."""
        return self.gaps[0].condition if self.gaps else Condition.UP_TO_DATE

    @property
    def worst(self) -> Gap | None:
        """The gap that comes first, with its figures; None where there is none."""
        return self.gaps[0] if self.gaps else None

    @property
    def is_complete(self) -> bool:
        """Whether everything is here and as it is in Xero, for all that is known."""
        return not self.gaps

    @property
    def is_connected(self) -> bool:
        """Whether an organisation was ever connected, so that there is something to speak of."""
        return self.condition != Condition.NOT_CONNECTED

    @property
    def look(self) -> str:
        """The look of its mark, as `{% status %}` takes it."""
        return _LOOKS.get(self.condition, "warn")

    @property
    def heading(self) -> str:
        """The first words, such as "Not up to date."."""
        return _HEADINGS.get(self.condition, _NOT_COMPLETE)

    @property
    def text(self) -> str:
        """What follows the heading: each cause, what is not shown, and when it passes."""
        if not self.gaps:
            return f"Checked with Xero {self._as_of_words}." if self._as_of_words else ""
        return " ".join(gap.text for gap in self.gaps)

    @property
    def remedy(self) -> str:
        """What a person can do about the worst that needs one; empty where nobody has to."""
        return next((gap.remedy for gap in self.gaps if gap.remedy), "")

    @property
    def who(self) -> str:
        """Who can do it, as a sentence; empty where nobody has to."""
        if not self.remedy:
            return ""
        people = alternatives(self.people) if self.people else "A portal admin"
        return f"{people} can {self.remedy}."

    @property
    def line(self) -> str:
        """The whole in one line, as files carry it."""
        return " ".join(filter(None, (self.heading, self.text, self.who)))

    @property
    def file_suffix(self) -> str:
        """What a file's name carries at its end: "-incomplete", or nothing."""
        return "" if self.is_complete else "-incomplete"

    @property
    def mark(self) -> str:
        """Another one whenever the line is."""
        figures = "-".join(
            f"{gap.condition}.{gap.word}.{gap.read}.{gap.total}.{gap.count}.{gap.until}"
            for gap in self.gaps
        )
        return figures or f"{self.condition}.{self._as_of_words}"

    def as_json(self) -> dict[str, Any]:
        """Return it as files and the API carry it; instants in ISO 8601, UTC."""
        worst = self.worst
        return {
            "condition": self.condition.value,
            "complete": self.is_complete,
            "line": self.line,
            "as_of": _iso(self.as_of),
            "read": worst.read if worst else None,
            "total": worst.total if worst else None,
            "count": worst.count if worst else None,
            "since": _iso(worst.since if worst else None),
            "until": _iso(worst.until if worst else None),
        }


GiveGaps = Callable[[Connection, datetime], list[Gap]]

_givers: list[GiveGaps] = []


def register(giver: GiveGaps) -> None:
    """Let a function say what it knows to be missing or old in an organisation's documents."""
    if giver not in _givers:
        _givers.append(giver)


def of(portal: Portal, *, now: datetime) -> Freshness:
    """Return how fresh and complete the documents of a portal are; a fixed number of queries."""
    connection = queries.connection_of(portal)
    if connection is None or connection.organisation is None:
        nothing = Gap(condition=Condition.NOT_CONNECTED, text="Nothing is read from Xero.")
        return Freshness((nothing,), None)
    own = _of_connection(connection, portal, now=now)
    others = [gap for giver in _givers for gap in giver(connection, now)]
    gaps = sorted(own + others, key=lambda gap: _RANKS[gap.condition])
    as_of = connection.last_good_sync_at
    needs_somebody = any(gap.remedy for gap in gaps)
    right = permissions.may_manage_connected_apps
    people = access.people_with(right, portal=portal) if needs_somebody else []
    return Freshness(
        tuple(gaps),
        as_of,
        moments.at(as_of, now=now, zone=portal.zone) if as_of else "",
        [str(person) for person in people],
    )


def _of_connection(connection: Connection, portal: Portal, *, now: datetime) -> list[Gap]:
    """Return why nothing is read at the moment, where that is so."""
    state = states.shown(connection, now=now).state
    if state in (State.CONNECTED, State.CONNECTED_WITH_PROBLEMS):
        return []
    if state == State.PAUSED:
        return [_paused(connection, portal, now=now)]
    said = moments.at(connection.state_since, now=now, zone=portal.zone)
    cause, remedy = {
        State.DISCONNECTED_IN_XERO: (f"Xero was disconnected {said}.", "reconnect it"),
        State.NEEDS_RECONNECTING: (
            f"Xero has not let anything be read since {said.removeprefix('on ')}.",
            "reconnect it",
        ),
        State.DISCONNECTED_HERE: (f"Xero was disconnected here {said}.", "connect it again"),
    }.get(state, ("Somebody is connecting Xero right now.", "finish that"))
    return [
        Gap(
            condition=Condition.DISCONNECTED,
            text=f"{cause} {_not_shown(connection, portal, now=now)}",
            remedy=remedy,
            since=connection.state_since,
        )
    ]


def _paused(connection: Connection, portal: Portal, *, now: datetime) -> Gap:
    until = connection.paused_until
    goes_on = f" {moments.at(until, now=now, zone=portal.zone)}" if until else " by itself"
    return Gap(
        condition=Condition.PAUSED,
        text=(
            f"Today's calls to Xero are used up. {_not_shown(connection, portal, now=now)} "
            f"Reading goes on{goes_on}."
        ),
        since=connection.state_since,
        until=until,
    )


def _not_shown(connection: Connection, portal: Portal, *, now: datetime) -> str:
    """Return from when on changes may be missing: since all was last known to be in step."""
    known = connection.last_good_sync_at
    since = moments.at(known, now=now, zone=portal.zone).removeprefix("on ") if known else "then"
    return f"What changed in Xero since {since} is not shown."


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
