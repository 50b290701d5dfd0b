"""The words of the Connected Apps page: states, next steps, permissions.

Each state has a word, a look (the icon and the word carry the meaning, the colour only helps) and
one next step. The step names who can take it, because not everybody who reads it can.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat, timezone

from connected_apps.models import State

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

_NEXT_STEPS: dict[State, str] = {
    State.NOT_CONNECTED: "Connect to Xero to see learners' invoices here.",
    State.CONNECTING: (
        "Finish in Xero: sign in, choose the organisation and allow access. If that window is "
        "closed, press Connect to Xero again."
    ),
    State.CONNECTED: "Nothing to do: changes in Xero show here by themselves.",
    State.CONNECTED_WITH_PROBLEMS: (
        "Syncing goes on. Look at the list of what was set aside; it is tried again by itself."
    ),
    State.PAUSED: (
        "Nothing to do: Xero allows each organisation a number of calls a day. Syncing resumes by "
        "itself, and nothing is lost."
    ),
    State.NEEDS_RECONNECTING: (
        "Press Reconnect to Xero and allow access again. What is synced stays, and what changed "
        "meanwhile is fetched by itself."
    ),
    State.DISCONNECTED_IN_XERO: (
        "Press Reconnect to Xero and choose the organisation again. What is synced stays, and what "
        "changed meanwhile is fetched by itself."
    ),
    State.DISCONNECTED_HERE: (
        "What was synced is kept. Connect to Xero again to go on from where it stopped."
    ),
}

# In place of the above where an app knows of something that is not as it should be.
_UNTIL_THEN: dict[State, str] = {
    State.CONNECTED: "",
    State.PAUSED: "Syncing resumes by itself when Xero takes calls again, and nothing is lost.",
}

# In place of the above where an app says why its work waits although the connection stands.
WAITING = "Syncing waits: see below why, and who can act. It goes on by itself after that."

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
class StateWords:
    """A state as people read it."""

    word: str
    look: str
    next_step: str


def of_state(
    state: State, *, problem_count: int = 0, paused_until: datetime | None = None
) -> StateWords:
    """Return the words of a state."""
    word = str(state.label)
    if state == State.CONNECTED_WITH_PROBLEMS:
        word = f"Connected with problems ({problem_count})"
    if state == State.PAUSED and paused_until is not None:
        word = f"Paused until {_clock(paused_until)} (Xero limit)"
    return StateWords(word, _LOOKS[state], _NEXT_STEPS[state])


def with_cautions(words: StateWords, state: State, cautions: list[str]) -> StateWords:
    """Return the words of a live state where apps know of something that needs a look."""
    if not cautions:
        return words
    steps = [_UNTIL_THEN.get(state, words.next_step), *dict.fromkeys(cautions)]
    look = "warn" if words.look == "ok" else words.look
    return StateWords(words.word, look, " ".join(step for step in steps if step))


def permissions_of(scopes: str) -> list[str]:
    """Return granted scopes in plain words, each once; a scope we do not know by its own name."""
    words = [_PERMISSIONS.get(scope, scope) for scope in scopes.split()]
    return [word for word in dict.fromkeys(words) if word]


def missing_scopes(*, granted: str, needed: list[str]) -> list[str]:
    """Return the needed scopes that a grant lacks; writing includes reading."""
    have = set(granted.split())
    have |= {f"{scope}.read" for scope in have}
    return [scope for scope in needed if scope.startswith("accounting.") and scope not in have]


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    form = "H:i" if local.date() == timezone.localtime().date() else "j M, H:i"
    return dateformat.format(local, form)
