"""A first sync that a person cancelled stays cancelled, and the page says what is not here."""

import itertools
from datetime import timedelta

import pytest
import redis
from django.conf import settings

from connected_apps.models import Connection
from invoices.models import Document
from lrm.models import LrmRole
from tests.support import builders, limiting
from tests.support.daily_checks import check, cursor_of
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.passing import Time
from tests.support.resyncs import PAGE, lists_called, request
from xero_sync.models import OPEN_RUNS, RunState, SyncRun
from xero_sync.runs import request_checks, resumption, run_requests

NOTE = "so older documents are missing. New changes still arrive."


@pytest.fixture
def cancelled(linked: Linked) -> Linked:
    """Give a portal whose first sync a person cancelled before it began."""
    first = SyncRun.objects.get(is_first=True)
    assert run_requests.cancel(run=first, by=linked.manager, now=clock())
    return linked


def page_of(linked: Linked) -> str:
    """Return the page as a manager sees it."""
    return builders.client_of(linked.manager).get(PAGE).content.decode()


def test_daily_count_does_not_undo_the_cancelling(cancelled: Linked) -> None:
    before = lists_called(cancelled)

    assert check(cancelled) == []

    assert lists_called(cancelled) - before == 12
    cursor = cursor_of(cancelled)
    assert (cursor.count_in_xero, cursor.count_here) == (696, 0)


def test_page_says_what_is_not_here_and_offers_to_go_on(cancelled: Linked) -> None:
    first = SyncRun.objects.get(is_first=True)
    html = page_of(cancelled)
    assert NOTE in html
    assert html.count(f'id="resume-{first.pk}"') == 1

    client = builders.client_of(cancelled.manager)
    assert client.post(f"{PAGE}{first.pk}/resume/").status_code == 302

    assert NOTE not in page_of(cancelled)
    assert cancelled.work(first).state == RunState.DONE
    assert ours(cancelled) == theirs(cancelled)


def test_sweeps_alone_are_no_good_sync_while_documents_are_missing(cancelled: Linked) -> None:
    cancelled.sweep()
    assert Connection.objects.get().last_good_sync_at is None

    first = SyncRun.objects.get(is_first=True)
    assert builders.client_of(cancelled.manager).post(f"{PAGE}{first.pk}/resume/")
    cancelled.work(first)
    cancelled.sweep()

    assert Connection.objects.get().last_good_sync_at is not None


def test_page_says_it_however_many_runs_came_after(cancelled: Linked) -> None:
    first = SyncRun.objects.get(is_first=True)
    for month in range(1, 12):
        run = request(cancelled, f"2020-{month:02}-01", f"2020-{month:02}-28")
        SyncRun.objects.filter(pk=run.pk).update(state=RunState.DONE, finished_at=clock())

    html = page_of(cancelled)

    assert NOTE in html
    assert f'id="resume-{first.pk}"' in html


def test_who_may_not_resume_reads_it_without_the_button(cancelled: Linked) -> None:
    watcher = builders.make_user(cancelled.portal, portal_admin=True, role=LrmRole.NONE)
    first = SyncRun.objects.get(is_first=True)

    html = builders.client_of(watcher).get(PAGE).content.decode()

    assert NOTE in html
    assert f'id="resume-{first.pk}"' not in html


def test_page_says_it_no_more_once_everything_is_here(cancelled: Linked) -> None:
    today = clock().date()
    for days in (0, 3000):
        run = request(
            cancelled,
            (today - timedelta(days=days + 2999)).isoformat(),
            (today - timedelta(days=days + 1)).isoformat(),
        )
        cancelled.work(run)
    run = request(cancelled, (today - timedelta(days=2)).isoformat(), today.isoformat())
    cancelled.work(run)
    assert NOTE in page_of(cancelled)

    assert check(cancelled) == []

    assert ours(cancelled) == theirs(cancelled)
    assert NOTE not in page_of(cancelled)


def test_everything_read_by_another_run_leaves_nothing_to_resume(cancelled: Linked) -> None:
    client = builders.client_of(cancelled.manager)
    assert client.post(PAGE, {"span": "everything"}).status_code == 302
    run = cancelled.work(SyncRun.objects.latest("pk"))
    assert run.state == RunState.DONE
    assert NOTE not in page_of(cancelled)
    assert check(cancelled) == []
    Document.objects.filter(kind="INVOICE").latest("date").delete()

    Time().pass_by(60)

    (healing,) = check(cancelled)

    # The count that differed is the newest now.
    assert NOTE not in page_of(cancelled)
    Time().pass_by(60)
    assert cancelled.work(healing).state == RunState.DONE
    assert ours(cancelled) == theirs(cancelled)


def test_many_differences_are_mended_by_one_run_and_found_in_few_calls(linked: Linked) -> None:
    linked.sweep()
    # In every month of the eighteen that the books go back.
    Document.objects.filter(kind="INVOICE", date__day__lte=20).delete()
    before = lists_called(linked)

    (run,) = check(linked)

    assert lists_called(linked) - before <= 12 + 12
    assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_differences_of_every_kind_are_not_read_once_a_kind(linked: Linked) -> None:
    linked.sweep()
    Document.objects.filter(date__day__lte=20).delete()
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        books = limiting.Books(server, "xero-limiter:")
        books.let_pass(61)
        asked = {run.pk for run in check(linked)}
        books.let_pass(61)

    still_open = SyncRun.objects.filter(pk__in=asked, state__in=OPEN_RUNS).order_by("date_from")
    assert still_open
    for one, after in itertools.pairwise(still_open):
        assert one.date_to < after.date_from
    for run in still_open:
        assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_cancelled_first_sync_answers_nothing_else(cancelled: Linked) -> None:
    first = SyncRun.objects.get(is_first=True)
    today = clock().date()
    run = request(cancelled, (today - timedelta(days=30)).isoformat(), today.isoformat())

    with pytest.raises(request_checks.NotPossible, match="Resume this one when that has ended"):
        resumption.resume(run=first, by=cancelled.manager, now=clock())
    html = page_of(cancelled)
    assert NOTE in html
    assert f'id="resume-{first.pk}"' not in html

    cancelled.work(run)
    assert f'id="resume-{first.pk}"' in page_of(cancelled)
