"""What every page's frame shows: navigation, bell and banners of whoever is signed in.

Everything is computed when a template first asks for it: a fragment that has no frame pays
nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from lrm import access, notices, panels, permissions
from lrm.learner_accounts import own_learner
from lrm.models import Notice, Portal


@dataclass(frozen=True)
class NavigationEntry:
    """One line of the main navigation."""

    label: str
    url: str
    icon: str
    # As `aria-current` has it: "page" for the page itself, "true" for what it stands under.
    current: str


# Label, address, icon, right. Reports live in an app of their own at a fixed address.
_ENTRIES = (
    ("Dashboard", "/", "home", permissions.may_see_settings),
    ("Learners", "/learners/", "learners", permissions.may_see_learners),
    ("Reports", "/reports/", "reports", permissions.may_read_synced_invoices),
    ("Settings", "/settings/", "settings", permissions.may_see_settings),
)
# Pages that stand under an entry, by the beginnings of their addresses.
_UNDER = {"/learners/": ("/learners/", "/documents/", "/contacts/", "/jobs/")}
# Every page of Settings has an address below this one, and stands under another entry than it.
_SETTINGS = "/settings/"


class Shell:
    """The frame of one request."""

    def __init__(self, request: access.SignedInRequest) -> None:
        self._request = request
        self._user = request.user

    @property
    def portal(self) -> Portal | None:
        """The portal whose name stands in the frame."""
        return self._request.portal

    @cached_property
    def navigation(self) -> list[NavigationEntry]:
        """The main navigation as far as the user's rights go."""
        path = self._request.path
        return [
            NavigationEntry(label, url, icon, current=_current(path, url))
            for label, url, icon, right in _ENTRIES
            if right(self._user)
        ]

    @property
    def may_search(self) -> bool:
        """Whether the learner search stands in the header."""
        return permissions.may_see_learners(self._user)

    @property
    def initials(self) -> str:
        """Up to two letters that stand for the user."""
        return "".join(word[0] for word in str(self._user).split()[:2]).upper()

    @property
    def rights_in_words(self) -> str:
        """What the user may do, as in the list of people."""
        return permissions.in_words(self._user)

    @cached_property
    def unread(self) -> int:
        """How many notices are unread."""
        return notices.unread_count(user=self._user)

    @cached_property
    def latest_notices(self) -> list[Notice]:
        """The newest notices for the bell."""
        return notices.latest(user=self._user)

    @cached_property
    def banners(self) -> list[SafeString]:
        """The banners that apply now; none for users without a portal."""
        if self.portal is None:
            return []
        rendered = (banner.render(self._request) for banner in panels.banners())
        return [html for html in rendered if html]

    @cached_property
    def settings_navigation(self) -> list[panels.SettingsEntry]:
        """The entries of Settings this user may open."""
        return panels.settings_entries(self._user)

    @cached_property
    def learner_tabs(self) -> list[panels.LearnerTab]:
        """The tabs of a learner this user may open."""
        return panels.learner_tabs(self._user)

    @property
    def open_page(self) -> str:
        """The url name of this page, by which tabs and entries know that they are open."""
        match = self._request.resolver_match
        return (match.view_name or "") if match else ""

    @cached_property
    def open_setting(self) -> str:
        """The url name of the settings entry that this page stands under: the closest one."""
        path = self._request.path
        under = [
            (len(url), entry.url_name)
            for entry in self.settings_navigation
            if path.startswith(url := reverse(entry.url_name)) and (url != _SETTINGS or path == url)
        ]
        return max(under)[1] if under else ""

    @property
    def notices_url(self) -> str:
        """Where the bell asks for its newest state."""
        return reverse("notices_bell")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame under `shell`, or nothing for people who are not signed in."""
    # Error pages of early middleware have no user yet.
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not hasattr(request, "portal"):
        return {}
    # Learners have a frame of their own, with nothing of this one.
    if own_learner.is_learner(user):
        return {}
    return {"shell": Shell(request)}  # type: ignore[arg-type]


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    is_under = url != "/" and path.startswith(_UNDER.get(url, url))
    return "true" if is_under else ""
