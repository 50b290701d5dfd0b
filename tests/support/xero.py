"""A person who connects a portal to the pretend Xero, by nothing but HTTP and forms."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.messages import get_messages
from django.http import HttpResponse
from pytest_django.fixtures import Settings

from connected_apps.models import Connection, Organisation
from lrm.models import User
from tests.support import builders
from tests.support.simulator_client import SimulatorClient

CONNECT = "/settings/connected-apps/xero/connect/"
CALLBACK = "/settings/connected-apps/xero/callback/"
CHOOSE = "/settings/connected-apps/xero/choose/"
DISCONNECT = "/settings/connected-apps/xero/disconnect/"
CHECK = "/settings/connected-apps/xero/check/"
PAGE = "/settings/connected-apps/"


def point_at(url: str, settings: Settings) -> None:
    """Point the product in this process at a simulator."""
    settings.XERO_AUTHORIZE_URL = f"{url}/identity/connect/authorize"
    settings.XERO_IDENTITY_URL = settings.XERO_API_URL = url


@contextlib.contextmanager
def _commits(**_: Any) -> Iterator[None]:
    """In transactional tests what waits for a commit happens by itself."""
    yield


class Browser:
    """One signed-in person of the product, with a session of their own.

    `commits` is `django_capture_on_commit_callbacks` where the test itself is one transaction.
    """

    def __init__(self, world: SimulatorClient, user: User, commits: Any = _commits) -> None:
        self.world = world
        self.user = user
        self.client = builders.client_of(user)
        self._commits = commits

    def get(self, address: str, **query: str) -> Any:
        """Open a page, with everything that happens after commit."""
        with self._commits(execute=True):
            return self.client.get(address, query)

    def post(self, address: str, **form: Any) -> Any:
        """Send a form, with everything that happens after commit."""
        with self._commits(execute=True):
            return self.client.post(address, form)

    def start(self) -> str:
        """Press Connect and return Xero's address."""
        answer = self.post(CONNECT)
        assert answer.status_code == 302
        return str(answer["Location"])

    def come_back(self, address: str) -> Any:
        """Follow Xero's redirect back."""
        parts = urlsplit(address)
        assert parts.path == CALLBACK
        return self.get(
            CALLBACK, **{name: values[0] for name, values in parse_qs(parts.query).items()}
        )

    def connect(self, *, tenant: int = 0, bulk: list[int] | None = None) -> Any:
        """Go the whole way: press Connect, sign in as somebody with access, allow."""
        chosen = [self.world.tenant(index)["tenant_id"] for index in bulk or [tenant]]
        users = self.world.show("users")
        user = next(each for each in users if set(chosen) <= set(each["tenant_ids"]))
        address = self.start() + ("&acr_values=bulk_connect%3Atrue" if bulk else "")
        return self.come_back(self.world.consent(address, user=user, tenants=chosen))

    def told(self, answer: HttpResponse) -> str:
        """Return the messages waiting for this person, joined."""
        page = self.client.get(PAGE)
        return " ".join(str(message) for message in get_messages(page.wsgi_request)) or str(
            re.sub(r"\s+", " ", _messages_of(page.content.decode()))
        )

    @property
    def connection(self) -> Connection:
        """Return the portal's connection as it is stored now."""
        return Connection.objects.select_related("organisation", "grant").get(
            portal=self.user.portal, app="xero"
        )

    @property
    def organisation(self) -> Organisation:
        """Return the organisation that the portal is connected to."""
        organisation = self.connection.organisation
        assert organisation is not None
        return organisation


def _messages_of(html: str) -> str:
    found = re.search(r'<div class="messages".*?(?=<div class="page-head")', html, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[0]) if found else ""
