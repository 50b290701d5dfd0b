"""Re-syncs by API: the same rights and rules as on the page."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from tests.support import builders
from tests.support.linked import Linked, clock
from tests.support.resyncs import API, ask, people
from xero_sync.models import RunState, SyncRun


@pytest.mark.parametrize(
    ("who", "see", "start", "one"),
    [
        ("manager", 200, 201, 200),
        ("watcher", 200, 403, 200),
        ("staff", 403, 403, 403),
        ("stranger", 200, 409, 404),
        ("nobody", 401, 401, 401),
    ],
)
def test_rights_by_api(linked: Linked, who: str, see: int, start: int, one: int) -> None:
    run = ask(linked)
    client = builders.client_of(people(linked)[who])
    body: Any = {"date_from": "2001-01-01", "date_to": "2001-02-01"}

    assert client.get(API).status_code == see
    assert client.post(API, body, content_type="application/json").status_code == start
    preview = client.post(f"{API}preview/", body, content_type="application/json").status_code
    assert preview == (200 if start == 201 else start)
    # It is open, so it cannot be resumed.
    resume = client.post(f"{API}{run.pk}/resume/").status_code
    assert resume == {"manager": 409, "stranger": 404, "nobody": 401}.get(who, 403)
    assert client.get(f"{API}{run.pk}/").status_code == one


def test_api_shows_a_run_to_its_end(linked: Linked) -> None:
    client = builders.client_of(linked.manager)
    run = linked.work(ask(linked))

    shown = client.get(f"{API}{run.pk}/").json()

    assert (shown["state"], shown["read"], shown["total"]) == ("DONE", 864, 864)
    assert [kind["in_xero"] == kind["here"] for kind in shown["kinds"]] == [True] * 4
    assert {kind["stage"] for kind in shown["kinds"]} == {"COMPLETE"}
    sums = [each for kind in shown["kinds"] for each in kind["sums"]]
    assert any(Decimal(each["stored"]) > 1000 for each in sums)  # Not written for people.
    assert shown["log"]
    assert client.post(f"{API}{run.pk}/cancel/").status_code == 409
    bad = client.post(API, {"date_from": "2026-02-02", "date_to": "2026-02-01"})
    assert (bad.status_code, list(bad.json()["errors"])) == (400, ["date_to"])


def test_preview_by_api_counts_without_starting(linked: Linked) -> None:
    before = SyncRun.objects.count()
    client = builders.client_of(linked.manager)
    # Within the eighteen months that the books go back, and before them.
    start, end = (clock().date() - timedelta(days=days) for days in (3000, 100))
    body = {"date_from": start.isoformat(), "date_to": end.isoformat()}

    told = client.post(f"{API}preview/", body).json()
    bad = client.post(
        f"{API}preview/", {**body, "date_to": (start - timedelta(days=1)).isoformat()}
    )
    linked.world.fail("/api.xro/2.0/Invoices", named="maintenance")
    silent = client.post(f"{API}preview/", body)

    assert told["total"] == sum(one["count"] for one in told["counts"]) > 0
    assert (told["calls"], told["fits_today"], told["is_exact"]) == (12, True, True)
    assert (bad.status_code, list(bad.json()["errors"])) == (400, ["date_to"])
    assert (silent.status_code, bool(silent.json()["detail"])) == (503, True)
    assert SyncRun.objects.count() == before


def test_cancelled_run_is_resumed_by_api(linked: Linked) -> None:
    run = ask(linked)
    client = builders.client_of(linked.manager)
    assert client.post(f"{API}{run.pk}/resume/").status_code == 409
    assert client.post(f"{API}{run.pk}/cancel/").json()["state"] == "CANCELLED"

    resumed = client.post(f"{API}{run.pk}/resume/")

    assert (resumed.status_code, resumed.json()["state"]) == (200, "QUEUED")
    assert linked.work(run).state == RunState.DONE


def test_api_tells_when_a_paused_run_goes_on(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", named="maintenance")
    run = linked.work(ask(linked))

    shown = builders.client_of(linked.manager).get(f"{API}{run.pk}/").json()

    assert (shown["state"], shown["stalled"]) == ("PAUSED", False)
    assert parse_datetime(shown["paused_until"]) == run.not_before
    assert parse_datetime(shown["started_at"]) == run.started_at
    assert (shown["per_second"], shown["seconds_left"]) == (None, None)


def test_api_tells_pace_and_stalling(linked: Linked) -> None:
    run = ask(linked)
    now = clock()
    run.steps.exclude(resource="INVOICE").update(item_count=0)
    run.steps.filter(resource="INVOICE").update(read_count=500, item_count=1000)
    # Long ago, so that the moment of the question hardly counts.
    SyncRun.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING, pace_since=now - timedelta(days=1), heard_at=now
    )
    client = builders.client_of(linked.manager)

    shown = client.get(f"{API}{run.pk}/").json()
    SyncRun.objects.filter(pk=run.pk).update(heard_at=now - timedelta(hours=1))
    silent = client.get(f"{API}{run.pk}/").json()

    assert shown["seconds_left"] == pytest.approx(86_400, rel=0.01)
    assert shown["per_second"] is not None
    assert (shown["stalled"], shown["paused_until"]) == (False, None)
    assert (silent["stalled"], silent["seconds_left"]) == (True, None)
