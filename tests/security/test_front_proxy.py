"""The proxy in front: real Caddy with deploy/Caddyfile before web by the image's command."""

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3
from pytest_django.plugin import DjangoDbBlocker

from lrm.models import Portal
from tests.support import builders, front_proxy, web_process
from tests.support.deployment_files import SERVICES, pinned_version
from tests.support.front_proxy import Proxy

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


# The cookie makes Django read a form.
COOKIE = "__Host-csrftoken=" + "c" * 32
HEAD = (
    f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}\r\n"
    "Referer: https://localhost/\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
# A form of which one byte comes, and one that no page takes.
SLOW_FORM = f"{HEAD}Content-Length: 900000\r\n\r\nx".encode()
LARGE_FORM = f"{HEAD}Content-Length: 1000000\r\n\r\n".encode() + b"x" * (256 * 1024 + 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder for what both write."""
    return tmp_path_factory.mktemp("proxy")


@pytest.fixture(scope="module")
def proxy_of_module(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, place: Path
) -> Iterator[Proxy]:
    """Run the proxy before a web process that is open at localhost."""
    with django_db_blocker.unblock():
        database = web_process.database_url()
    with (
        web_process.running(
            place / "web.log", DATABASE_URL=database, ALLOWED_HOSTS="localhost"
        ) as web,
        front_proxy.running(place, web_port=web.port) as proxy,
    ):
        yield proxy


@pytest.fixture
def proxy(transactional_db: None, proxy_of_module: Proxy) -> Proxy:
    """Give the proxy, and what the test stores to the web behind it."""
    return proxy_of_module


def test_proxy_is_the_version_that_tests_run() -> None:
    assert pinned_version(SERVICES["proxy"]["image"]) == "2.11.7"
    assert front_proxy.PROGRAM.exists(), "make install brings it"


def test_pages_come_over_https_and_plain_http_leads_there(proxy: Proxy) -> None:
    page = proxy.ask("/sign-in/")
    plain = proxy.ask_plainly("/learners/?q=mira")

    assert page.status_code == 200
    assert "Password" in page.text
    assert "Server" not in page.headers
    assert "__Host-csrftoken" in page.headers["Set-Cookie"]
    assert (plain.status_code, plain.headers["Location"]) == (308, f"{proxy.url}/learners/?q=mira")


@pytest.mark.parametrize("path", ["/api/v1/learners/", "/webhooks/xero/"])
def test_programs_are_refused_over_plain_http(proxy: Proxy, path: str) -> None:
    assert proxy.ask_plainly(path, method="POST").status_code == 403


def test_what_a_stranger_says_of_who_asks_is_dropped(
    proxy: Proxy, portal: Portal, place: Path
) -> None:
    user = builders.make_user(portal)
    page = proxy.ask("/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None

    answer = proxy.ask(
        "/sign-in/",
        method="POST",
        data=f"csrfmiddlewaretoken={token[1]}&username={user.username}&password=wrong".encode(),
        headers={
            "X-Forwarded-For": "198.51.100.7",
            "X-Forwarded-Proto": "http",
            "Cookie": page.headers["Set-Cookie"].partition(";")[0],
            "Referer": f"{proxy.url}/sign-in/",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )

    # Taken for https, or the token's check would have refused it; and for this machine's own.
    assert answer.status_code == 200
    told = (place / "web.log").read_text()
    assert "127.0.0.1" in told or "::1" in told
    assert "198.51.100.7" not in told


def test_bodies_that_no_page_takes_end_at_the_proxy(proxy: Proxy) -> None:
    # Caddy answers once a quarter of a MiB of it is here, and closes what has more to say.
    with proxy.connect() as announced, announced.makefile("rb") as answer:
        announced.sendall(LARGE_FORM)
        status_line = answer.readline()
    webhook = proxy.ask("/webhooks/xero/", method="POST", data=b"x" * 4_000_000)

    assert status_line == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    # Not signed, so refused; but by the product.
    assert webhook.status_code == 401


def test_bodies_of_no_announced_size_end_at_the_proxy_too(proxy: Proxy) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(12):
            yield b"x" * 100_000

    form = {"Cookie": COOKIE, "Content-Type": "application/x-www-form-urlencoded"}
    found: list[int] = []
    while len(found) < 8 and 413 not in found:
        # Its page is left unread: the proxy closes while the rest is still being sent, and may take
        # the page along.
        answer = proxy.ask("/sign-in/", method="POST", data=pieces(), headers=form, stream=True)
        found.append(answer.status_code)
        answer.close()

    # Cut off from the rest of a form, the application refuses it, now and then before the proxy
    # does. Without a limit all answers would be such refusals.
    assert found[-1] == 413
    assert set(found[:-1]) <= {403}


def test_others_are_served_while_many_send_slowly(proxy: Proxy) -> None:
    # Twice as many bodies as there are threads, half as many headers; and some who say nothing.
    slow = [proxy.connect() for _ in range(48)]
    idle = [socket.create_connection(("localhost", proxy.https_port)) for _ in range(300)]
    for one in slow[:32]:
        one.sendall(SLOW_FORM)
    for one in slow[32:]:
        one.sendall(b"GET /sign-in/ HTTP/1.1\r\nHost: local")

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: proxy.ask("/sign-in/").status_code, range(24)))
    took = time.monotonic() - began

    assert found == [200] * 24
    # Long before the proxy gives the slow ones up.
    assert took < 25
    for said_nothing in idle:
        said_nothing.close()
    for one in slow:
        one.close()


def test_proxy_logs_neither_addresses_nor_headers_when_web_is_away(tmp_path: Path) -> None:
    with front_proxy.running(tmp_path, web_port=9) as proxy:
        answer = proxy.ask("/learners/?q=mira+made-up", headers={"Cookie": "__Host-sessionid=abc"})

    said = (tmp_path / "proxy.log").read_text()
    assert answer.status_code == 502
    assert "connection refused" in said
    assert "mira" not in said
    assert "sessionid" not in said
