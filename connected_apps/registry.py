"""The connected apps that there are. Each registers itself; the pages and commands ask here.

An app calls `add` in its `AppConfig.ready`. Registering a name again replaces the entry, so that
`ready` may run twice. docs/adding_an_app.md is the recipe, step by step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.safestring import SafeString

from connected_apps.models import XERO
from lrm import access, permissions, sealed_columns
from lrm.models import User

GiveCard = Callable[[access.SignedInRequest, datetime], SafeString]


@dataclass(frozen=True)
class Standing:
    """How an app stands in a pill, and what it is connected to where it has a name.

    :param look: that of a `{% status %}`.
    """

    look: str
    words: str
    connected_to: str = ""


GiveStanding = Callable[[access.SignedInRequest, datetime], Standing]


@dataclass(frozen=True, kw_only=True)
class ConnectedApp:
    """What the settings page, the audit trail and the replacing of keys know of an app.

    :param name: `Connection.app` and the app of its lines in the audit trail; a slug of at most 30
        characters that never changes.
    :param title: what people call it.
    :param card: draws its card on the Connected Apps page, best with the template
        `connected_apps/app_card.html`. It is asked only for people who have the `right`.
    :param mark: up to six letters in the square beside its name.
    :param standing: says how it stands to people who may not see its card; where there is none,
        the state of its connection does.
    :param right: who sees its card and its activity. Its own addresses ask for theirs.
    :param sealed: everything that it keeps encrypted, for `manage.py rotate_token_keys` and
        `manage.py doctor`; a start-up check refuses a column that no app names.
    :param acts: words for its own actions in the audit trail; others are told by their names.
    :param announcements: the address, by name, of a page that lists what it announced by webhooks.
    """

    name: str
    title: str
    card: GiveCard
    mark: str
    standing: GiveStanding | None = None
    right: permissions.Right = permissions.may_see_connected_apps
    sealed: tuple[sealed_columns.Sealed, ...] = ()
    acts: Mapping[str, str] = field(default_factory=dict)
    announcements: str = ""
    order: int = 50

    def in_words(self, text: str) -> str:
        """Return words that were made for Xero, the first app, such as a state's, for this one."""
        return text if self.name == XERO else text.replace("Xero", self.title)


_apps: dict[str, ConnectedApp] = {}


def add(app: ConnectedApp) -> None:
    """Make an app one of the connected apps."""
    _apps[app.name] = app


def all_apps() -> list[ConnectedApp]:
    """Return every connected app, in the order in which pages show them."""
    return sorted(_apps.values(), key=lambda app: (app.order, app.title))


def apps_for(user: User) -> list[ConnectedApp]:
    """Return the connected apps whose cards this user may see."""
    return [app for app in all_apps() if app.right(user)]


def find(name: str) -> ConnectedApp | None:
    """Return an app by its name; None where no installed app has it."""
    return _apps.get(name)


def title_of(name: str) -> str:
    """Return what people call an app, by its name, also where it is not installed any more."""
    app = find(name)
    return app.title if app else name


def sealed() -> list[sealed_columns.Sealed]:
    """Return everything that connected apps keep encrypted."""
    return [sealed for app in all_apps() for sealed in app.sealed]
