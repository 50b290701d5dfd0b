"""Counts how many files and functions of ours two journeys enter: `make walk`.

A webhook's body from the view to its document's row, and a re-sync from the page's form to its
verified end. How far a reader has to walk is the measure of the house; fewer is better. What is
counted are calls into our own code, in every thread, as the interpreter reports them. The journeys
run against the simulator, a real database and a real broker, so the numbers may differ by one or
two from run to run.
"""

import collections
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from django.test import Client
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import app_lists, resyncs, webhook_posts
from tests.support.linked import Linked, clock
from xero_sync import tasks
from xero_sync.models import RunState, SyncRun

ROOT = Path(__file__).parents[1]
OURS = tuple(f"{ROOT / app}/" for app in app_lists.own_apps())


class Walk:
    """Notes every function of ours that is entered while the block runs."""

    def __init__(self, journey: str) -> None:
        self.journey = journey
        self._entered: set[tuple[str, str, int]] = set()

    def __enter__(self) -> Self:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        if error is None:
            sys.stdout.write(self._table())

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        # What stands in angle brackets is part of the function around it.
        if event == "call" and code.co_filename.startswith(OURS) and code.co_name[0] != "<":
            name = str(Path(code.co_filename).relative_to(ROOT))
            self._entered.add((name, code.co_name, code.co_firstlineno))

    def _table(self) -> str:
        files = collections.Counter(name for name, _, _ in self._entered)
        lines = [f"\n{self.journey}: {len(files)} files, {len(self._entered)} functions"]
        lines += [f"{count:>6}  {name}" for name, count in sorted(files.items())]
        return "\n".join(lines) + "\n"


def test_webhook(linked: Linked, settings: Settings) -> None:
    """From a signed body to the row of the document it names."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.sweep()
    known = Document.objects.filter(kind="INVOICE", status="AUTHORISED", amount_due__gt=0)[0]
    known.delete()
    body = webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", str(known.xero_id)))

    with Walk("A webhook's body to its row"):
        webhook_posts.post(body, webhook_posts.sign(body))
        tasks.unpack_deliveries()
        tasks.fetch_events(linked.organisation.pk)

    assert Document.objects.filter(xero_id=known.xero_id).exists()


def test_resync(linked: Linked) -> None:
    """From the form on the page to the verified end."""
    linked.sweep()
    resyncs.end_first(linked)
    client = Client()
    client.force_login(linked.manager)
    today = clock().date()
    form = {"date_from": str(today - timedelta(days=360)), "date_to": str(today)}

    with Walk("A re-sync from its form to its verified end"):
        client.post(resyncs.PAGE, {**form, "what": "documents"})
        run = SyncRun.objects.latest("pk")
        tasks.work_on_run(run.pk)

    run.refresh_from_db()
    assert run.state == RunState.DONE
