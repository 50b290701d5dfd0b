"""Places in the LRM's own pages that other apps fill, without the LRM knowing them.

An app registers in its `AppConfig.ready`. Registering the same name again replaces the earlier
entry, so that `ready` may run twice. Entries show in `order`, then in order of registration.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from django.utils.safestring import SafeString

from lrm import access, permissions
from lrm.models import Learner, User

Render = Callable[[access.SignedInRequest], SafeString | None]
RenderForLearner = Callable[[access.SignedInRequest, Learner], SafeString | None]


@dataclass(frozen=True, kw_only=True)
class DashboardPanel:
    """A card on the dashboard; `render` returns its whole HTML, or None for nothing today.

    `place` is where it stands: on top, in the main column, or aside.
    """

    name: str
    right: permissions.Right
    render: Render
    place: Literal["top", "main", "aside"] = "main"
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class LearnerTab:
    """A tab of the learner profile; `url_name` takes the learner's id as its one argument."""

    label: str
    url_name: str
    right: permissions.Right
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class LearnerCard:
    """A card above every tab of a learner, such as a question; None means nothing to say."""

    name: str
    right: permissions.Right
    render: RenderForLearner
    order: int = 50


@dataclass(frozen=True)
class Mark:
    """A word beside a learner in a list; `look` is that of a status."""

    look: str
    words: str


@dataclass(frozen=True, kw_only=True)
class LearnerMarks:
    """Words beside the learners of a list; `give` gets the ids of a page of them."""

    name: str
    right: permissions.Right
    give: Callable[[access.SignedInRequest, Sequence[int]], dict[int, Mark]]
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class SettingsEntry:
    """An entry of the settings side navigation; `icon` names a symbol of the icon sprite."""

    label: str
    url_name: str
    icon: str
    description: str
    right: permissions.Right
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A line above every page, such as "Xero needs reconnecting"; None means no banner."""

    name: str
    render: Render
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One line of what a search found: where it leads, and what tells it from the others.

    `aside` is shown at its end, such as an amount; `pill` is the HTML of a status.
    """

    title: str
    url: str
    detail: str = ""
    aside: str = ""
    pill: SafeString | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found in one group; `exact` is the address of what was typed in full."""

    hits: tuple[Hit, ...] = ()
    has_more: bool = False
    more_url: str = ""
    exact: str = ""


@dataclass(frozen=True, kw_only=True)
class SearchGroup:
    """Things that the search in the header finds; `find` gets what was typed."""

    label: str
    right: permissions.Right
    find: Callable[[access.SignedInRequest, str], Found]
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class SearchNote:
    """What it means that a search found nothing; `render` gets what was typed."""

    name: str
    render: Callable[[access.SignedInRequest, str], SafeString | None]
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class ReadinessCheck:
    """A part of /readyz: returns facts as JSON values. `{"ok": False, …}` means not ready."""

    name: str
    check: Callable[[], dict[str, Any]]
    order: int = 50


class Entry(Protocol):
    """What every registered thing has."""

    @property
    def order(self) -> int: ...


class EntryWithRight(Entry, Protocol):
    """What is shown only to people with a right."""

    @property
    def right(self) -> permissions.Right: ...


E = TypeVar("E", bound=Entry)
R = TypeVar("R", bound=EntryWithRight)

_dashboard: dict[str, DashboardPanel] = {}
_tabs: dict[str, LearnerTab] = {}
_cards: dict[str, LearnerCard] = {}
_marks: dict[str, LearnerMarks] = {}
_settings: dict[str, SettingsEntry] = {}
_banners: dict[str, Banner] = {}
_checks: dict[str, ReadinessCheck] = {}
_searched: dict[str, SearchGroup] = {}
_search_notes: dict[str, SearchNote] = {}


def add_dashboard_panel(panel: DashboardPanel) -> None:
    """Put a card on the dashboard."""
    _dashboard[panel.name] = panel


def add_learner_tab(tab: LearnerTab) -> None:
    """Put a tab on the learner profile."""
    _tabs[tab.url_name] = tab


def add_learner_card(card: LearnerCard) -> None:
    """Put a card above the tabs of a learner."""
    _cards[card.name] = card


def add_learner_mark(marks: LearnerMarks) -> None:
    """Put words beside the learners of a list."""
    _marks[marks.name] = marks


def add_settings_entry(entry: SettingsEntry) -> None:
    """Put an entry into the settings navigation."""
    _settings[entry.url_name] = entry


def add_banner(banner: Banner) -> None:
    """Put a possible banner above every page."""
    _banners[banner.name] = banner


def add_readiness_check(check: ReadinessCheck) -> None:
    """Make /readyz ask one more question."""
    _checks[check.name] = check


def add_search_group(group: SearchGroup) -> None:
    """Let the search in the header find more."""
    _searched[group.label] = group


def add_search_note(note: SearchNote) -> None:
    """Say more where a search found nothing."""
    _search_notes[note.name] = note


def dashboard_panels(user: User) -> list[DashboardPanel]:
    """Return the dashboard cards this user may see."""
    return _allowed(_dashboard.values(), user)


def learner_tabs(user: User) -> list[LearnerTab]:
    """Return the registered learner tabs this user may see."""
    return _allowed(_tabs.values(), user)


def learner_cards(user: User) -> list[LearnerCard]:
    """Return the registered learner cards this user may see."""
    return _allowed(_cards.values(), user)


def learner_marks(request: access.SignedInRequest, learner_ids: Sequence[int]) -> dict[int, Mark]:
    """Return the word beside each learner of whom an app has one."""
    found: dict[int, Mark] = {}
    for marks in _allowed(_marks.values(), request.user):
        found |= marks.give(request, learner_ids)
    return found


def settings_entries(user: User) -> list[SettingsEntry]:
    """Return the registered settings entries this user may see."""
    return _allowed(_settings.values(), user)


def banners() -> list[Banner]:
    """Return every possible banner; each decides for itself whether it shows."""
    return _ordered(_banners.values())


def readiness_checks() -> list[ReadinessCheck]:
    """Return every registered readiness check."""
    return _ordered(_checks.values())


def search_groups(user: User) -> list[SearchGroup]:
    """Return what the search may find for this user."""
    return _allowed(_searched.values(), user)


def search_notes() -> list[SearchNote]:
    """Return what may be said where a search found nothing."""
    return _ordered(_search_notes.values())


def _ordered(entries: Iterable[E]) -> list[E]:
    return sorted(entries, key=lambda entry: entry.order)


def _allowed(entries: Iterable[R], user: User) -> list[R]:
    return [entry for entry in _ordered(entries) if entry.right(user)]
