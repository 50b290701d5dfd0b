"""`hanging URL SIMULATOR KEY SECONDS RATE FAULT VALKEY_PID`: webhooks and pages while a part hangs.

Sends so many webhooks a second and a twentieth as many requests for pages, each at its own moment
whether the ones before it were answered or not, and times them from that moment. Meanwhile a fault
lasts: `quiet` is none; `valkey` stops Valkey; `clicks` presses View Invoice twelve times while Xero
takes 25 seconds for each; `first` lets the first portal pull its documents for the first time; the
webhooks and pages are the second's. Prints every answer's milliseconds, what was lost, the seconds
from the end of the fault until nothing waits any more, and how many documents were pulled.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import requests
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from benchmarks.parts import resync
from invoices.models import Document
from lrm.models import Portal, User
from xero_sync.models import OPEN_RUNS, Delivery, EventState, SyncRun, WebhookEvent

CLICKS = 12
SLOW_SECONDS = 25
PAGES = ("/", "/learners/", "/settings/connected-apps/", "/reports/0442/")
MOST_SECONDS, LONGEST_PULL = 300.0, 1500.0
WARM_UP_ROUNDS = 10
# PostgreSQL is at rest where of so many looks, a tenth of a second apart, few find it at work.
LOOKS, MOST_AT_WORK, MOST_REST_SECONDS = 50, 5, 240.0


def sign_in(user: User) -> str:
    """Return the cookie of a session of somebody."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def deliveries(key: str, invoices: list[Document]) -> Iterator[tuple[bytes, str]]:
    """Make deliveries of one event each, on invoices that there are, with their signatures."""
    for number, invoice in enumerate(itertools.cycle(invoices)):
        event = {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{invoice.xero_id}",
            "resourceId": str(invoice.xero_id),
            "eventDateUtc": "2026-11-02T01:15:39.902",
            "eventType": "UPDATE",
            "eventCategory": "INVOICE",
            "tenantId": str(invoice.organisation.tenant_id),
            "tenantType": "ORGANISATION",
        }
        told = {"events": [event], "firstEventSequence": number, "lastEventSequence": number}
        body = json.dumps({**told, "entropy": str(number)}).encode()
        digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
        yield body, base64.b64encode(digest).decode()


class Load:
    """What is sent, and how it was answered."""

    def __init__(self, url: str, cookie: str, waiting: Iterator[tuple[bytes, str]]) -> None:
        self._url = url
        self._cookie = cookie
        self._waiting = waiting
        self._addresses = itertools.cycle(PAGES)
        self.webhooks: list[float] = []
        self.pages: list[float] = []
        self.sent = 0
        self.failed = 0

    async def run(self, rate: float, goes_on: Callable[[float], bool]) -> None:
        """Send at an even pace for as long as it goes on, and wait for every answer."""
        began = time.perf_counter()
        # A server closes what was kept for a while, and then nobody knows whether it was read.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        timeout = aiohttp.ClientTimeout(total=90)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            under_way = []
            for number in itertools.count():
                at = began + number / rate
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                if not goes_on(at - began):
                    break
                under_way.append(asyncio.create_task(self._webhook(session, at)))
                if number % 20 == 0:
                    under_way.append(asyncio.create_task(self._page(session, at)))
            await asyncio.gather(*under_way)

    async def _webhook(self, session: aiohttp.ClientSession, at: float) -> None:
        body, signature = next(self._waiting)
        self.sent += 1
        headers = {"x-xero-signature": signature, "Content-Type": "application/json"}
        address = f"{self._url}/webhooks/xero/"
        try:
            async with session.post(address, data=body, headers=headers) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            self.failed += 1
            return
        self.failed += answer.status != 200
        self.webhooks.append((time.perf_counter() - at) * 1000)

    async def _page(self, session: aiohttp.ClientSession, at: float) -> None:
        cookies = {"Cookie": f"sessionid={self._cookie}"}
        address = f"{self._url}{next(self._addresses)}"
        async with session.get(address, headers=cookies) as answer:
            await answer.read()
        assert answer.status == 200, f"{address}: {answer.status}"
        self.pages.append((time.perf_counter() - at) * 1000)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process until the block ends."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def clicking(url: str, simulator: str, cookie: str, invoices: list[Document]) -> Iterator[None]:
    """Press View Invoice on each of them, while Xero is slow to answer."""
    script: dict[str, Any] = {
        "match": {"path": "/OnlineInvoice"},
        "times": -1,
        "answer": {"delay_seconds": SLOW_SECONDS},
    }
    requests.post(f"{simulator}/simulator/faults", json=script, timeout=30).raise_for_status()
    Document.objects.update(online_url="")

    def click(invoice: Document) -> None:
        address = f"{url}/documents/{invoice.pk}/online/"
        requests.get(
            address, cookies={"sessionid": cookie}, allow_redirects=False, timeout=120
        ).close()

    people = [threading.Thread(target=click, args=[one]) for one in invoices[:CLICKS]]
    for person in people:
        person.start()
    try:
        yield
    finally:
        requests.delete(f"{simulator}/simulator/faults", timeout=30)
        for person in people:
            person.join()


@contextmanager
def pulling() -> Iterator[None]:
    """Have the first portal pull all it has."""
    resync.request(Portal.objects.get(slug="portal-0").slug)
    yield


def warm_up(url: str, cookie: str) -> None:
    """Let each process of the web load its templates, which takes longer than any fault."""
    for address in PAGES * WARM_UP_ROUNDS:
        requests.get(f"{url}{address}", cookies={"sessionid": cookie}, timeout=60).close()


def rest() -> None:
    """Wait until PostgreSQL does nothing by itself, as after a million rows it does for a while.

    Autovacuum and what workers still compare would be taken for how quiet pages are.

    :raises TimeoutError: it never came to rest.
    """
    ends = time.monotonic() + MOST_REST_SECONDS
    looks: deque[bool] = deque(maxlen=LOOKS)
    while len(looks) < LOOKS or sum(looks) > MOST_AT_WORK:
        if time.monotonic() > ends:
            raise TimeoutError(f"PostgreSQL was still at work after {MOST_REST_SECONDS:.0f} s.")
        time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND"
                " state = 'active' AND backend_type IN ('client backend', 'autovacuum worker'))"
            )
            looks.append(bool(cursor.fetchone()[0]))


def is_settled() -> bool:
    """Return whether nothing waits any more."""
    return not (
        Delivery.objects.filter(unpacked_at=None).exists()
        or WebhookEvent.objects.filter(state=EventState.PENDING).exists()
        or SyncRun.objects.filter(state__in=OPEN_RUNS).exists()
    )


def main(
    url: str, simulator: str, key: str, seconds: float, rate: float, fault: str, pid: int
) -> None:
    """Measure one fault.

    :raises TimeoutError: something still waits five minutes after the fault's end.
    """
    invoices = list(
        Document.objects.filter(
            organisation__portal__slug="portal-1", kind="INVOICE", status="AUTHORISED"
        ).select_related("organisation")[:200]
    )
    User.objects.update(is_accounts=True)
    cookie = sign_in(User.objects.get(username="admin1"))
    warm_up(url, cookie)
    rest()
    load = Load(url, cookie, deliveries(key, invoices))
    stored = Delivery.objects.count()
    faults: dict[str, Callable[[], Any]] = {
        "valkey": lambda: stopped(pid),
        "clicks": lambda: clicking(url, simulator, cookie, invoices),
        "first": pulling,
    }
    ends = time.monotonic() + LONGEST_PULL

    def goes_on(lasted: float) -> bool:
        if lasted < seconds:
            return True
        pulls = fault == "first" and SyncRun.objects.filter(state__in=OPEN_RUNS).exists()
        return pulls and time.monotonic() < ends

    if fault in faults:
        with faults[fault]():
            asyncio.run(load.run(rate, goes_on))
    else:
        asyncio.run(load.run(rate, goes_on))
    ended = time.perf_counter()
    while not is_settled():
        if time.perf_counter() - ended > MOST_SECONDS:
            raise TimeoutError("Something still waits five minutes after the fault.")
        time.sleep(0.05)
    told = {
        "webhooks": load.webhooks,
        "pages": load.pages,
        "sent": load.sent,
        "failed": load.failed,
        "stored": Delivery.objects.count() - stored,
        "settled_seconds": time.perf_counter() - ended,
        "pulled": Document.objects.filter(organisation__portal__slug="portal-0").count(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # One look at runs, between two requests.
    _, _url, _simulator, _key, _seconds, _rate, _fault, _pid = sys.argv
    main(_url, _simulator, _key, float(_seconds), float(_rate), _fault, int(_pid))
