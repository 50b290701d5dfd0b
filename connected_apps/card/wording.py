"""The words of the Connected Apps page: states, next steps, permissions.

Each state has a word, a look (the icon and the word carry the meaning, the colour only helps) and
one next step. The step names who can take it, because not everybody who reads it can.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from connected_apps import freshness
from connected_apps.freshness import Condition
from connected_apps.models import State
from lrm import moments

_LOOKS: dict[State, str] = {
    State.NOT_CONNECTED: "idle",
    State.CONNECTING: "busy",
    State.CONNECTED: "ok",
    State.CONNECTED_WITH_PROBLEMS: "warn",
    State.PAUSED: "warn",
    State.NEEDS_RECONNECTING: "bad",
    State.DISCONNECTED_IN_XERO: "bad",
    State.DISCONNECTED_HERE: "idle",
}

_CONDITIONS: dict[Condition, str] = {
    Condition.DISCONNECTED: "Not connected",
    Condition.KIND_REFUSED: "Waiting",
    Condition.FIRST_SYNC_CANCELLED: "First sync cancelled",
    Condition.PAUSED: "Paused",
    Condition.FIRST_SYNC: "First sync",
    Condition.DIFFERS: "Differs from Xero",
}

_NEXT_STEPS: dict[State, str] = {
    State.NOT_CONNECTED: "Connect to Xero to see learners' invoices here.",
    State.CONNECTING: (
        "Finish in Xero: sign in, choose the organisation and allow access. If that window is "
        "closed, press Connect to Xero again."
    ),
    State.NEEDS_RECONNECTING: (
        "Reconnect to Xero and allow access again. Nothing is lost: what changed meanwhile "
        "arrives within minutes."
    ),
    State.DISCONNECTED_IN_XERO: (
        "Reconnect to Xero and choose the organisation again. Nothing is lost: what changed "
        "meanwhile arrives within minutes."
    ),
    State.DISCONNECTED_HERE: (
        "What was synced is kept. Connect to Xero again to continue from where it stopped."
    ),
}

_UP_TO_DATE = "Changes in Xero appear here within seconds."
_FIRST_SYNC = (
    "Learners' pages and report #0442 are not complete yet, and say so. You can leave this page"
)
_TOLD = ": the bell and an e-mail tell you when it is done"
_NEEDS_A_LOOK = "Needs a look"

# Scope: what it lets this product do. Broad scopes are Xero's old ones, still met in old grants.
_PERMISSIONS: dict[str, str] = {
    "openid": "",
    "profile": "",
    "email": "",
    "offline_access": "Stay connected while you are away",
    "accounting.invoices.read": "Read invoices and credit notes",
    "accounting.invoices": "Read and write invoices and credit notes",
    "accounting.payments.read": "Read payments, overpayments and prepayments",
    "accounting.payments": "Read and write payments, overpayments and prepayments",
    "accounting.contacts.read": "Read contacts",
    "accounting.contacts": "Read contacts, and add and update the contacts of learners",
    "accounting.settings.read": "Read the organisation's name, time zone and currency",
    "accounting.settings": "Read and write the organisation's settings",
    "accounting.transactions.read": "Read all transactions",
    "accounting.transactions": "Read and write all transactions",
}


@dataclass(frozen=True)
class Step:
    """A sentence of the card on what is so or what to do, and where that is done."""

    text: str
    address: str = ""
    link: str = ""


@dataclass(frozen=True)
class StateWords:
    """A state as people read it: a pill, and what it means or what to do about it."""

    word: str
    look: str
    steps: tuple[Step, ...]


def of_state(state: State) -> StateWords:
    """Return the words of a state in which nothing is read from Xero."""
    step = _NEXT_STEPS.get(state)
    return StateWords(str(state.label), _LOOKS[state], (Step(step),) if step else ())


def of_live(
    fresh: freshness.Freshness,
    *,
    cautions: list[Step],
    is_told: bool,
    now: datetime,
    zone: tzinfo,
) -> StateWords:
    """Return the words of a connection that works: those of the worst that is known of it.

    :param cautions: what apps know that is not as it should be, and what happens next.
    :param is_told: whether the reader is told when the first sync ends.
    """
    worst = fresh.worst
    cautions = list(dict.fromkeys(cautions))
    if worst is None:
        if cautions:
            return StateWords(_NEEDS_A_LOOK, "warn", tuple(cautions))
        return StateWords("Up to date", "ok", (Step(_UP_TO_DATE),))
    gaps = [Step(gap.text, gap.address, gap.link) for gap in fresh.gaps]
    if worst.condition == Condition.FIRST_SYNC:
        # How far it is stands among the figures.
        gaps[0] = Step(f"{_FIRST_SYNC}{_TOLD if is_told else ''}.")
    word = _word_of(worst, now=now, zone=zone)
    return StateWords(word, fresh.look, (*gaps, *cautions))


def _word_of(worst: freshness.Gap, *, now: datetime, zone: tzinfo) -> str:
    if worst.word:
        return worst.word
    if worst.condition == Condition.PAUSED and worst.until:
        return f"Paused until {moments.short(worst.until, now=now, zone=zone)}"
    if worst.condition == Condition.NOT_SAVED:
        return f"{worst.count:,} could not be saved"
    return _CONDITIONS[worst.condition]


def permissions_of(scopes: str) -> list[str]:
    """Return granted scopes in plain words, each once; a scope we do not know by its own name."""
    words = [_PERMISSIONS.get(scope, scope) for scope in scopes.split()]
    return [word for word in dict.fromkeys(words) if word]


def missing_scopes(*, granted: str, needed: list[str]) -> list[str]:
    """Return the needed scopes that a grant lacks; writing includes reading."""
    have = set(granted.split())
    have |= {f"{scope}.read" for scope in have}
    return [scope for scope in needed if scope.startswith("accounting.") and scope not in have]
