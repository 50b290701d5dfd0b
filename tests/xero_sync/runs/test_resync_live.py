"""The open re-sync page: presets, the estimate by itself, its news, and what differs as a table."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest

from connected_apps import book_days, financial_years
from lrm.models import LrmRole
from tests.support import builders
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE, ask, end_first, people, request
from xero_sync.models import RunState, SyncRun
from xero_sync.pull import date_windows
from xero_sync.runs import date_presets, run_milestones, run_titles

HERE = Path(__file__).parents[3]
TOLD = "the bell and an e-mail tell you when it is done"
PROGRESS = f"{PAGE}progress/"


def today_of(linked: Linked) -> date:
    return book_days.today_of(portal=linked.portal, organisation=linked.organisation, now=clock())


@pytest.mark.parametrize(
    ("preset", "today", "days"),
    [
        ("12-months", date(2026, 11, 26), (date(2025, 11, 26), date(2026, 11, 26))),
        ("this-year", date(2026, 6, 30), (date(2025, 7, 1), date(2026, 6, 30))),
        ("this-year", date(2026, 7, 1), (date(2026, 7, 1), date(2027, 6, 30))),
        ("last-year", date(2026, 11, 26), (date(2025, 7, 1), date(2026, 6, 30))),
        ("everything", date(2026, 11, 26), (date_windows.EARLIEST, date_windows.LATEST)),
        ("dates", date(2026, 11, 26), None),
        ("nonsense", date(2026, 11, 26), None),
    ],
)
def test_preset_names_its_days(preset: str, today: date, days: tuple[date, date] | None) -> None:
    assert date_presets.days_of(preset, today=today, year_end=(6, 30)) == days


@pytest.mark.parametrize("dates", [("2020-01-01", "2020-01-31"), ("", ""), ("soon", "2020-13-40")])
def test_marked_preset_counts_whatever_stands_in_the_dates_that_it_hides(
    linked: Linked, dates: tuple[str, str]
) -> None:
    end_first(linked)
    client = builders.client_of(linked.manager)
    given = dict(zip(("date_from", "date_to"), dates, strict=True))

    answer = client.post(PAGE, {**given, "span": "last-year", "what": "documents"})

    run = SyncRun.objects.latest("pk")
    days = financial_years.year_before(financial_years.year_of(today_of(linked))[0])
    assert answer.status_code == 302
    assert (run.date_from, run.date_to) == days


@pytest.mark.parametrize("more", [{"span": "dates"}, {}, {"span": "nonsense"}])
def test_dates_count_where_they_are_chosen_or_come_alone(
    linked: Linked, more: dict[str, str]
) -> None:
    end_first(linked)
    client = builders.client_of(linked.manager)

    client.post(PAGE, {"date_from": "2020-01-01", "date_to": "2020-02-01", **more})

    run = SyncRun.objects.latest("pk")
    assert (run.date_from, run.date_to) == (date(2020, 1, 1), date(2020, 2, 1))


def test_page_says_when_its_dates_count_to_browsers_that_show_them_always(linked: Linked) -> None:
    html = builders.client_of(linked.manager).get(PAGE).content.decode()
    styles = (HERE / "xero_sync/static/xero_sync/xero_sync.css").read_text()

    assert "these dates count only where “Choose dates” is marked" in html
    hiding = styles.partition("@supports selector(:has(*)) {")[2].partition("\n}")[0]
    assert "chosen-dates-help { display: none; }" in hiding
    assert styles.count("chosen-dates") == hiding.count("chosen-dates")


@pytest.mark.parametrize(("month", "day"), [(3, 31), (12, 31)])
def test_financial_year_is_that_of_the_books_as_in_the_report(
    linked: Linked, month: int, day: int
) -> None:
    end_first(linked)
    linked.organisation.financial_year_end_month = month
    linked.organisation.financial_year_end_day = day
    linked.organisation.save()
    client = builders.client_of(linked.manager)

    client.post(PAGE, {"span": "this-year"})
    run = SyncRun.objects.latest("pk")
    report = client.get("/reports/0442/").context["question"].presets[0]

    assert (run.date_from, run.date_to) == (report.first, report.last)
    assert (run.date_to.month, run.date_to.day) == (month, day)


def test_estimate_comes_without_starting_anything(linked: Linked) -> None:
    before = SyncRun.objects.count()
    client = builders.client_of(linked.manager)

    everything = client.get(f"{PAGE}estimate/", {"span": "everything", "what": "documents"})
    wrong = client.get(f"{PAGE}estimate/", {"span": "dates", "date_from": "soon"})

    assert "864 documents</strong>, less than a minute." in everything.content.decode()
    assert "All days" in everything.content.decode()
    assert wrong.status_code == 200
    assert wrong.content.strip() == b""
    assert SyncRun.objects.count() == before


@pytest.mark.parametrize(
    ("who", "status"),
    [("manager", 200), ("watcher", 403), ("staff", 403), ("stranger", 200), ("nobody", 302)],
)
def test_estimate_is_for_those_who_may_start(linked: Linked, who: str, status: int) -> None:
    client = builders.client_of(people(linked)[who])

    assert client.get(f"{PAGE}estimate/", {"span": "12-months"}).status_code == status


def test_open_page_is_answered_204_until_something_changes(linked: Linked) -> None:
    run = ask(linked)
    client = builders.client_of(linked.manager)
    page = client.get(PAGE)
    shown = {"shown": page.context["shown"], "told": page.context["told"]}

    same = client.get(PROGRESS, shown)
    while linked.work(run).is_open:  # A busy machine lets it wait for a free call.
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    news = client.get(PROGRESS, shown)
    again = client.get(PROGRESS, {"shown": news.context["shown"], "told": news.context["told"]})

    assert same.status_code == 204
    assert 'hx-trigger="every 1s"' in page.content.decode()
    html = news.content.decode()
    assert 'hx-trigger="every 15s"' in html
    assert 'hx-swap-oob="innerHTML:.messages"' in html
    assert f'<div id="runs-said" hx-swap-oob="innerHTML">{run_title(run)}: done.' in html
    assert again.status_code == 204


def test_colleague_is_not_promised_to_be_told_of_what_another_asked_for(linked: Linked) -> None:
    ask(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)

    mine = builders.client_of(linked.manager).get(PAGE).content.decode()
    theirs = builders.client_of(colleague).get(PAGE).content.decode()

    assert TOLD in mine
    assert TOLD not in theirs
    assert "You can leave this page." in theirs


def test_first_sync_is_promised_to_be_told_only_to_whoever_connected(linked: Linked) -> None:
    colleague = builders.make_user(linked.portal, portal_admin=True)

    for page in (PAGE, "/settings/connected-apps/"):
        mine = builders.client_of(linked.manager).get(page).content.decode()
        theirs = builders.client_of(colleague).get(page).content.decode()

        assert TOLD in mine, page
        assert TOLD not in theirs, page
        assert "You can leave this page." in theirs


def run_title(run: SyncRun) -> str:
    return run_titles.title_of(run)


def test_quarters_are_told_once(linked: Linked) -> None:
    run = ask(linked)
    run.state = RunState.RUNNING
    run.save()
    run.steps.update(item_count=25, read_count=0)
    told = run_milestones.of_runs([run])

    run.steps.filter(resource="INVOICE").update(read_count=24)
    nothing = run_milestones.news_of([fresh(run)], told)
    run.steps.filter(resource="INVOICE").update(read_count=25)
    (quarter,) = run_milestones.news_of([fresh(run)], told)

    assert nothing == []
    assert run_milestones.sentence_of(quarter).endswith(": 25 per cent read.")
    assert run_milestones.news_of([fresh(run)], run_milestones.of_runs([fresh(run)])) == []


def fresh(run: SyncRun) -> SyncRun:
    return SyncRun.objects.get(pk=run.pk)


@pytest.mark.parametrize("told", ["", ",", "x:y", "1", "9" * 40 + ":DONE", "1:" + "x" * 5000])
def test_any_milestones_may_be_sent(linked: Linked, told: str) -> None:
    answer = builders.client_of(linked.manager).get(PROGRESS, {"told": told, "shown": told})

    assert answer.status_code == 200


def test_what_differs_is_a_table_with_links_and_a_file(linked: Linked) -> None:
    linked.sweep()
    ghosts = [store_ghost(linked, f"GHOST-{number:02}") for number in range(12)]
    run = heal(linked, ghosts[0], days=2)
    client = builders.client_of(linked.manager)

    html = client.get(PAGE).content.decode()
    text = client.get(f"{PAGE}{run.pk}/differences.csv").content.decode()

    assert "<span>12 differ</span>" in html
    assert html.count("No longer in Xero for these dates") == 10
    assert f'<a href="/documents/{ghosts[0].pk}/">Invoice GHOST-00</a>' in html
    assert "And 2 more." in html
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Document", "What differs", "Currency", "In Xero", "Here"]
    assert len(rows) == 13
    assert run.reason.startswith("Invoices: Xero has ")
    assert run.reason.endswith(" more")


def test_onlooker_reads_what_differs_without_links_to_pages_that_are_not_theirs(
    linked: Linked,
) -> None:
    linked.sweep()
    ghost = store_ghost(linked, "GHOST-1")
    heal(linked, ghost, days=2)
    watcher = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)

    html = builders.client_of(watcher).get(PAGE).content.decode()

    assert "Invoice GHOST-1" in html
    assert f"/documents/{ghost.pk}/" not in html


def test_file_of_another_portal_is_not_found(linked: Linked) -> None:
    run = ask(linked)
    stranger = builders.make_user(builders.make_portal("Other"), portal_admin=True)
    watcher = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)
    address = f"{PAGE}{run.pk}/differences.csv"

    assert builders.client_of(stranger).get(address).status_code == 404
    assert builders.client_of(watcher).get(address).status_code == 200
    assert builders.client_of(builders.make_user(linked.portal)).get(address).status_code == 403


def test_ended_run_leads_to_the_report_of_its_days(linked: Linked) -> None:
    end_first(linked)
    start, end = (clock().date() - timedelta(days=days) for days in (200, 100))
    linked.work(request(linked, start.isoformat(), end.isoformat()))

    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    days = f"date_from={start.isoformat()}&amp;date_to={end.isoformat()}"
    assert f'<a href="/reports/0442/?{days}">Open report #0442 for these dates</a>' in html
