"""A person who connects a portal to the pretend Xero, by nothing but HTTP and forms."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.contrib.messages import get_messages
from django.http import HttpResponse

from connected_apps.models import Connection
from lrm.models import User
from tests.support import builders, simulator_process

CONNECT = "/settings/connected-apps/xero/connect/"
CALLBACK = "/settings/connected-apps/xero/callback/"
CHOOSE = "/settings/connected-apps/xero/choose/"
DISCONNECT = "/settings/connected-apps/xero/disconnect/"
CHECK = "/settings/connected-apps/xero/check/"
PAGE = "/settings/connected-apps/"


class World:
    """The simulator's control calls."""

    def __init__(self, url: str) -> None:
        self.url = url

    def show(self, path: str, **query: Any) -> Any:
        """Ask for something under /simulator/."""
        answer = requests.get(
            f"{self.url}/simulator/{path}", params=query, timeout=simulator_process.TIMEOUT
        )
        answer.raise_for_status()
        return answer.json()

    def do(self, path: str, **given: Any) -> Any:
        """Do something under /simulator/."""
        answer = requests.post(
            f"{self.url}/simulator/{path}", json=given, timeout=simulator_process.TIMEOUT
        )
        answer.raise_for_status()
        return answer.json()

    def fail(self, path: str, *, times: int = 1, method: str = "", **answer: Any) -> None:
        """Script an answer for the next calls of a path."""
        match = {"path": path} | ({"method": method} if method else {})
        self.do("faults", match=match, times=times, answer=answer)

    def heal(self) -> None:
        """Forget all scripted answers."""
        requests.delete(
            f"{self.url}/simulator/faults", timeout=simulator_process.TIMEOUT
        ).raise_for_status()

    def calls(self, path: str, method: str = "") -> int:
        """Return how often a path was called."""
        return sum(
            path in call["path"].lower() and method in ("", call["method"])
            for call in self.show("calls")
        )

    def user(self, *, organisations: int) -> dict[str, Any]:
        """Return a Xero user who has so many organisations, or more."""
        users = self.show("users")
        return min(
            (user for user in users if len(user["tenant_ids"]) >= organisations),
            key=lambda user: len(user["tenant_ids"]),
        )

    def tenant(self, index: int) -> dict[str, Any]:
        """Return an organisation."""
        found: dict[str, Any] = self.show("organisations")[index]
        return found

    def connections(self) -> list[dict[str, Any]]:
        """Return what Xero holds as connected, for all its users."""
        listed: list[dict[str, Any]] = self.show("connections")
        return listed

    def consent(
        self,
        authorize_url: str,
        *,
        user: dict[str, Any],
        tenants: list[str],
        decision: str = "allow",
    ) -> str:
        """Go through Xero's pages and return the address the person is sent back to."""
        page = requests.get(authorize_url, timeout=simulator_process.TIMEOUT)
        flow = re.search(r'name="flow" value="([^"]+)"', page.text)
        assert flow is not None, page.text
        requests.post(
            f"{self.url}/identity/sign-in",
            data={"flow": flow[1], "user": user["user_id"]},
            timeout=simulator_process.TIMEOUT,
        )
        answer = requests.post(
            f"{self.url}/identity/consent",
            data={"flow": flow[1], "tenant": tenants, "decision": decision},
            allow_redirects=False,
            timeout=simulator_process.TIMEOUT,
        )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


class Browser:
    """One signed-in person of the product, with a session of their own."""

    def __init__(self, world: World, user: User, commits: Any) -> None:
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


def _messages_of(html: str) -> str:
    found = re.search(r'<div class="messages".*?(?=<div class="page-head")', html, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[0]) if found else ""
