"""What a cancelled re-sync may still do: go on, be answered by another one, or say why not."""

import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from lrm.models import Notice
from tests.support import builders
from tests.support.linked import Linked, clock
from tests.support.resyncs import API, PAGE, end_first, request
from xero_sync.models import OPEN_RUNS, RunState, SyncRun
from xero_sync.runs import run_requests


def cancelled(linked: Linked, start: str, end: str) -> SyncRun:
    """Give a re-sync that a person cancelled."""
    end_first(linked)
    run = request(linked, start, end)
    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    run.refresh_from_db()
    return run


def replaced(linked: Linked) -> tuple[SyncRun, SyncRun]:
    """Give a re-sync that a longer one replaced, and that one."""
    end_first(linked)
    shorter = request(linked, "2026-02-01", "2026-02-28")
    longer = request(linked, "2026-01-01", "2026-03-31")
    shorter.refresh_from_db()
    assert shorter.state == RunState.CANCELLED
    return shorter, longer


def open_ones() -> list[int]:
    """Return the runs that are open."""
    return list(SyncRun.objects.filter(state__in=OPEN_RUNS).values_list("pk", flat=True))


def page_of(linked: Linked) -> str:
    """Return the page as a manager sees it."""
    return builders.client_of(linked.manager).get(PAGE).content.decode()


def resume_by_page(linked: Linked, run: SyncRun, by: Any = None) -> str:
    """Press Resume, be it on a page that is out of date, and return the page that follows."""
    client = builders.client_of(by or linked.manager)
    answer = client.post(f"{PAGE}{run.pk}/resume/", follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_run_within_an_open_one_is_answered_by_it_on_the_page(linked: Linked) -> None:
    shorter, longer = replaced(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)
    assert f'id="resume-{shorter.pk}"' not in page_of(linked)

    html = resume_by_page(linked, shorter, colleague)

    assert "Re-sync of 1 Jan 2026 to 31 Mar 2026 reads these days already" in html
    assert open_ones() == [longer.pk]
    linked.work(longer)
    assert Notice.objects.filter(user=colleague).exists()


def test_run_within_an_open_one_is_answered_by_it_by_api(linked: Linked) -> None:
    shorter, longer = replaced(linked)

    answer = builders.client_of(linked.manager).post(f"{API}{shorter.pk}/resume/")

    assert (answer.status_code, answer.json()["id"]) == (200, longer.pk)
    assert open_ones() == [longer.pk]


def test_run_whose_days_were_read_later_is_not_resumed(linked: Linked) -> None:
    shorter, longer = replaced(linked)
    linked.work(longer)
    assert f'id="resume-{shorter.pk}"' not in page_of(linked)

    answer = builders.client_of(linked.manager).post(f"{API}{shorter.pk}/resume/")

    why = "A later re-sync has read all of these days. Ask for a new one to read them once more."
    assert (answer.status_code, answer.json()["detail"]) == (409, why)
    assert why in resume_by_page(linked, shorter)
    assert open_ones() == []


@pytest.mark.parametrize("other", [("2026-03-01", "2026-05-31"), ("2026-02-01", "2026-02-28")])
def test_run_beside_an_open_one_waits_until_that_has_ended(
    linked: Linked, other: tuple[str, str]
) -> None:
    run = cancelled(linked, "2026-01-01", "2026-03-31")
    beside = request(linked, *other)
    assert f'id="resume-{run.pk}"' not in page_of(linked)

    answer = builders.client_of(linked.manager).post(f"{API}{run.pk}/resume/")

    assert answer.status_code == 409
    assert "reads some of these days at the moment" in answer.json()["detail"]
    assert answer.json()["detail"] in resume_by_page(linked, run)
    assert open_ones() == [beside.pk]
    linked.work(beside)
    assert f'id="resume-{run.pk}"' in page_of(linked)
    assert "The re-sync continues where it stopped" in resume_by_page(linked, run)
    assert linked.work(run).state == RunState.DONE


def test_run_whose_days_nobody_else_reads_goes_on(linked: Linked) -> None:
    run = cancelled(linked, "2026-01-01", "2026-03-31")
    beside = request(linked, "2026-04-01", "2026-05-31")

    resume_by_page(linked, run)

    assert sorted(open_ones()) == [run.pk, beside.pk]


def test_command_waits_for_the_longer_one_that_replaced_its_own(linked: Linked) -> None:
    end_first(linked)

    def worker() -> None:
        try:
            while not SyncRun.objects.filter(is_first=False).exists():
                pass
            linked.work(request(linked, "2026-01-01", "2026-03-31"))
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    call_command("resync", linked.portal.slug, "--from=2026-02-01", "--to=2026-02-28", "--wait")
    thread.join()

    first, second = SyncRun.objects.filter(is_first=False).order_by("pk")
    assert (first.state, second.state) == (RunState.CANCELLED, RunState.DONE)
