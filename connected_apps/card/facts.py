"""What apps above know about a connection, shown on its card without this app knowing them.

They register functions in their `AppConfig.ready`. Registering the same function twice does
nothing, so that `ready` may run twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from connected_apps.models import Connection
from lrm import access
from lrm.models import User


@dataclass(frozen=True)
class Fact:
    """One line of the card, such as "Last webhook", with its moment where it has one.

    :param value: words; where `at` is given, they may be empty and the moment is shown alone.
    :param next_step: where something is not as it should be, what happens next or who can act; it
        stands in the card's own words.
    """

    label: str
    value: str = ""
    at: datetime | None = None
    next_step: str = ""
    # Where the next step is taken, and the words that lead there.
    address: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the few large numbers of the card, with what it is a part of.

    :param unit: what follows the number, such as "of 864 in Xero".
    :param share: in per cent, drawn as a bar; None draws none.
    :param note: a line below, such as when it was found.
    :param lines: further lines: a look of `{% status %}` and words each.
    """

    label: str
    value: str
    unit: str = ""
    share: int | None = None
    note: str = ""
    lines: tuple[tuple[str, str], ...] = ()


GiveFigures = Callable[[Connection, datetime], list[Figure]]
GiveFacts = Callable[[Connection, datetime], list[Fact]]
GiveLine = Callable[[Connection, datetime], str]
Tells = Callable[[Connection, User], bool]
GiveBlock = Callable[[access.SignedInRequest, Connection, datetime], SafeString | None]

_givers: list[GiveFacts] = []
_figures: list[GiveFigures] = []
_menu: list[GiveBlock] = []
_actions: list[GiveBlock] = []
_panels: list[GiveBlock] = []
_unread: list[GiveLine] = []
_tell: list[Tells] = []


def register_facts(giver: GiveFacts) -> None:
    """Let a function add facts to the card of every connection."""
    if giver not in _givers:
        _givers.append(giver)


def register_figures(giver: GiveFigures) -> None:
    """Let a function add large numbers to the card of every live connection."""
    if giver not in _figures:
        _figures.append(giver)


def register_menu(entries: GiveBlock) -> None:
    """Let a function add entries, as HTML, to the card's menu of what is rarely needed."""
    if entries not in _menu:
        _menu.append(entries)


def register_action(action: GiveBlock) -> None:
    """Let a function offer the one button that is right now, as HTML; the first that does wins."""
    if action not in _actions:
        _actions.append(action)


def register_panel(panel: GiveBlock) -> None:
    """Let a function add a block of HTML (a list, a form) below the card."""
    if panel not in _panels:
        _panels.append(panel)


def register_unread(giver: GiveLine) -> None:
    """Let a function say in a line what is not here yet, for pages that show what is."""
    if giver not in _unread:
        _unread.append(giver)


def register_told(tells: Tells) -> None:
    """Let a function say whether somebody is told when the first sync ends."""
    if tells not in _tell:
        _tell.append(tells)


def is_told_of_first_sync(connection: Connection, user: User) -> bool:
    """Return whether somebody is told when the first sync of a connection ends."""
    return any(tells(connection, user) for tells in _tell)


def unread_of(connection: Connection | None, *, now: datetime) -> str:
    """Return what all apps say is not here yet, empty where all is."""
    if connection is None:
        return ""
    return " ".join(filter(None, (giver(connection, now) for giver in _unread)))


def facts_of(connection: Connection, *, now: datetime) -> list[Fact]:
    """Return the facts of all apps, in order of registration."""
    return [fact for giver in _givers for fact in giver(connection, now)]


def figures_of(connection: Connection, *, now: datetime) -> list[Figure]:
    """Return the large numbers of all apps."""
    return [figure for giver in _figures for figure in giver(connection, now)]


def action_of(
    request: access.SignedInRequest, connection: Connection, *, now: datetime
) -> SafeString | None:
    """Return the one button that is right now, where an app offers this user one."""
    return next(iter(_given(_actions, request, connection, now)), None)


def menu_of(
    request: access.SignedInRequest, connection: Connection, *, now: datetime
) -> list[SafeString]:
    """Return the entries of all apps for the menu."""
    return _given(_menu, request, connection, now)


def panels_of(
    request: access.SignedInRequest, connection: Connection, *, now: datetime
) -> list[SafeString]:
    """Return the blocks of all apps that have something to show this user."""
    return _given(_panels, request, connection, now)


def _given(
    givers: list[GiveBlock],
    request: access.SignedInRequest,
    connection: Connection,
    now: datetime,
) -> list[SafeString]:
    blocks = (giver(request, connection, now) for giver in givers)
    return [block for block in blocks if block]
