"""Limits: what one person can pile up."""

from datetime import date, timedelta

from tests.support import web_process
from tests.support.linked import Linked
from tests.support.web_process import Web
from xero_sync.models import OPEN_RUNS, RunState, SyncRun
from xero_sync.runs import run_requests

RESYNC = "/settings/connected-apps/xero/resync/"


def test_person_cannot_queue_a_heap_of_re_syncs(web: Web, linked: Linked) -> None:
    linked.sweep()
    most = run_requests.MOST_OPEN
    first = date(2026, 1, 1)
    days = [(first + timedelta(days=2 * n)).isoformat() for n in range(most + 3)]

    answers = [
        web.post(RESYNC, linked.manager, what="documents", date_from=day, date_to=day)
        for day in days
    ]
    by_program = web.send(
        "POST",
        "/api/v1/sync-runs/",
        f'{{"date_from": "{days[-1]}", "date_to": "{days[-1]}"}}',
        {**web_process.signed_in(linked.manager), "Content-Type": "application/json"},
    )

    assert [answer.status for answer in answers] == [302] * most + [422] * 3
    assert f"{most} re-syncs that you started are under way" in answers[-1].text
    assert by_program.status == 409
    assert SyncRun.objects.filter(requested_by=linked.manager, state__in=OPEN_RUNS).count() == most


def test_person_can_ask_again_when_one_has_ended(web: Web, linked: Linked) -> None:
    linked.sweep()
    for n in range(run_requests.MOST_OPEN):
        day = date(2026, 1, 1 + 2 * n).isoformat()
        web.post(RESYNC, linked.manager, what="documents", date_from=day, date_to=day)
    SyncRun.objects.filter(requested_by=linked.manager).first().delete()  # type: ignore[union-attr]

    again = web.post(
        RESYNC, linked.manager, what="documents", date_from="2026-03-01", date_to="2026-03-01"
    )

    assert again.status == 302, again.text


def test_longer_re_sync_takes_the_place_of_shorter_ones_when_there_are_many(
    web: Web, linked: Linked
) -> None:
    linked.sweep()
    for n in range(run_requests.MOST_OPEN):
        day = date(2026, 1, 1 + 2 * n).isoformat()
        web.post(RESYNC, linked.manager, what="documents", date_from=day, date_to=day)

    whole = web.post(
        RESYNC, linked.manager, what="documents", date_from="2026-01-01", date_to="2026-02-01"
    )

    assert whole.status == 302, whole.text
    open_runs = SyncRun.objects.filter(requested_by=linked.manager, state__in=OPEN_RUNS)
    assert open_runs.count() == 1
    assert SyncRun.objects.filter(state=RunState.CANCELLED).count() == run_requests.MOST_OPEN
