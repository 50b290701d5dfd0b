"""The re-sync page: asking, previewing, watching, and who may do what."""

import re
from datetime import timedelta
from html import unescape

import pytest

from connected_apps import book_days
from tests.support import builders, document_builders
from tests.support.learners import save
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE, ask, end_first, people
from xero_sync.models import ContactPush, PushState, RunState, SyncRun


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2026-03-02", "2026-03-01", "The end is before the start"),
        ("soon", "2026-03-01", "Enter a date such as 2026-03-31"),
        ("", "2026-03-01", "Choose the first day"),
    ],
)
def test_bad_dates_are_answered_at_the_field_and_kept(
    linked: Linked, start: str, end: str, message: str
) -> None:
    before = SyncRun.objects.count()

    answer = builders.client_of(linked.manager).post(PAGE, {"date_from": start, "date_to": end})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert message in html
    assert f'value="{end}"' in html
    assert SyncRun.objects.count() == before


def test_page_starts_a_run_and_shows_its_proof(linked: Linked) -> None:
    end_first(linked)
    client = builders.client_of(linked.manager)

    # Within the eighteen months that the books go back.
    start, end = (clock().date() - timedelta(days=days) for days in (200, 100))
    answer = client.post(PAGE, {"date_from": start, "date_to": end})
    assert answer.status_code == 302
    linked.work(SyncRun.objects.get(is_first=False))

    html = client.get(PAGE).content.decode()
    assert f"{start:%-d %b %Y} to {end:%-d %b %Y}</span>" in html
    # The run itself and each kind; so is the first sync.
    assert html.count("<span>Complete</span>") == 6


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        (timedelta(0), r"Next try <time[^>]*>today at \d+:\d\d\xa0[ap]m</time>"),
        (timedelta(days=1), r"Next try <time[^>]*>tomorrow at "),
    ],
)
def test_pause_names_the_day_when_it_is_another(
    linked: Linked, pause: timedelta, words: str
) -> None:
    run = ask(linked)
    SyncRun.objects.filter(pk=run.pk).update(
        state=RunState.PAUSED, reason="Today's calls are used up", not_before=clock() + pause
    )

    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    assert re.search(words, html)


def test_page_tells_how_far_each_kind_is(linked: Linked) -> None:
    linked.world.fail("/CreditNotes", status=500)
    run = linked.work(ask(linked))
    assert run.state == RunState.PAUSED

    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    pattern = r'<th scope="row">(.*?)</th>.*?status-\w+">.*?<span>(.*?)</span>'
    assert re.findall(pattern, html, re.DOTALL) == [
        ("Invoices", "Read"),
        ("Credit notes", "Waiting"),
        ("Overpayments", "Read"),
        ("Prepayments", "Read"),
    ]


def test_preview_counts_without_starting(linked: Linked) -> None:
    before = SyncRun.objects.count()

    answer = builders.client_of(linked.manager).post(
        PAGE, {"date_from": "2020-01-01", "date_to": "2026-03-01", "preview": "1"}
    )

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "documents</strong>, less than a minute." in html
    assert "fits into today's limit" in html
    assert SyncRun.objects.count() == before


def test_preview_that_xero_does_not_answer_says_so(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", named="maintenance")

    answer = builders.client_of(linked.manager).post(
        PAGE, {"date_from": "2020-01-01", "date_to": "2026-03-01", "preview": "1"}
    )

    assert "No estimate now" in answer.content.decode()


def test_preview_of_learners_counts_those_who_did_not_reach_xero(linked: Linked) -> None:
    for number in range(60):
        save(linked, number=f"L91{number:04}")
    done = linked.portal.learners.get(number="L910007")
    ContactPush.objects.filter(learner=done).update(state=PushState.DONE)
    document_builders.make_linked(done, linked.organisation)
    today = book_days.today_of(portal=linked.portal, organisation=linked.organisation, now=clock())
    # From yesterday, as midnight may have passed since they were saved.
    days = {"date_from": today - timedelta(days=1), "date_to": today}

    answer = builders.client_of(linked.manager).post(
        PAGE, {**days, "what": "learners", "preview": "1"}
    )

    html = answer.content.decode()
    assert "<strong>59 learners</strong> changed between these days" in html


@pytest.mark.parametrize(
    ("who", "see", "start", "cancel"),
    [
        ("manager", 200, 422, 302),
        ("watcher", 200, 403, 403),
        ("staff", 403, 403, 403),
        ("stranger", 200, 422, 404),
        ("nobody", 302, 302, 302),
    ],
)
def test_rights_on_the_page(linked: Linked, who: str, see: int, start: int, cancel: int) -> None:
    run = ask(linked)
    client = builders.client_of(people(linked)[who])

    answers = [
        client.get(PAGE).status_code,
        client.post(PAGE, {}).status_code,
        client.post(f"{PAGE}{run.pk}/cancel/").status_code,
    ]

    assert answers == [see, start, cancel]
    run.refresh_from_db()
    assert (run.state == RunState.CANCELLED) == (who == "manager")


def test_open_page_is_given_the_lines_that_its_log_lacks(linked: Linked) -> None:
    run = linked.work(ask(linked))
    lines = list(run.lines.all())
    client = builders.client_of(linked.manager)
    seen = f'name="log" value="{run.pk}:{lines[-1].pk}"'

    first = client.get(PAGE).content.decode()
    nothing_new = client.get(f"{PAGE}progress/?log={run.pk}:{lines[-1].pk}").content.decode()
    news = client.get(f"{PAGE}progress/?log={run.pk}:{lines[0].pk}&log=7&log=a:b&log=0:1")

    assert seen in first
    assert "hx-swap-oob" not in first + nothing_new
    beside = news.content.decode().rpartition("</section>")[2]
    assert f'hx-swap-oob="beforeend:#log-{run.pk}-lines"' in beside
    assert lines[0].text not in beside
    assert all(line.text in unescape(beside) for line in lines[1:])
    assert seen in beside


def test_lines_of_another_portal_are_not_given(linked: Linked) -> None:
    run = linked.work(ask(linked))
    stranger = builders.make_user(builders.make_portal("Other"), portal_admin=True)

    answer = builders.client_of(stranger).get(f"{PAGE}progress/?log={run.pk}:0")

    assert "Complete." not in answer.content.decode()
