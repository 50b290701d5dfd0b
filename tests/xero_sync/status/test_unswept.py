"""What nobody sweeps is not taken for up to date, whether or not its row tells of a problem."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from connected_apps import freshness
from connected_apps.freshness import Condition
from connected_apps.models import Connection, State
from invoices.own_page import own_words
from lrm.models import Portal
from tests.support import builders, first_syncs, page_reading, xero
from tests.support.connections import ALL_WELL, NOW, make_connection
from tests.support.linked import Linked, clock
from tests.support.resyncs import end_first
from xero_sync.models import Cursor, RunState
from xero_sync.resources import Resource
from xero_sync.webhooks import channel_health

CARD = "/settings/connected-apps/"
REPORT = "/reports/0442/"
LONG_AGO = NOW - timedelta(days=30)
DAYS = timedelta(days=2)
NOT_ANSWERING = "Xero is not answering at the moment; trying again by itself"
NO_CALLS = "Xero's limit of calls a day is reached"
# NOW is 8:00 pm in Sydney.
NOT_CHECKED = (
    "Not complete. Xero has not been checked since 20 Nov at 8:00 pm, so changes may be missing "
    "here. Checking continues by itself. If this stays so, support can see why."
)


def shown(linked: Linked, page: str = CARD) -> str:
    """Return what a page says to a portal admin who also keeps the accounts."""
    html = builders.client_of(linked.manager).get(page).content.decode()
    return page_reading.text_of(html)


def let_days_pass(kinds: Any = Resource) -> None:
    """Let no worker have come to the sweeps of these kinds for days."""
    cursors = Cursor.objects.filter(resource__in=list(kinds))
    cursors.update(last_swept_at=F("last_swept_at") - DAYS, next_due_at=F("next_due_at") - DAYS)


def swept(portal: Portal, *at: datetime, **fields: Any) -> Connection:
    """Store a connection whose kinds were swept at these moments, the last of them for the rest."""
    given = {"connected_at": LONG_AGO, "last_good_sync_at": NOW - DAYS, "state": State.CONNECTED}
    connection = make_connection(portal, **{**given, **fields})
    first_syncs.make_first(connection, RunState.DONE, read=864)
    assert connection.organisation is not None
    Cursor.objects.bulk_create(
        Cursor(
            organisation=connection.organisation,
            resource=resource,
            last_swept_at=at[min(index, len(at) - 1)],
            next_due_at=at[min(index, len(at) - 1)] + timedelta(minutes=5),
        )
        for index, resource in enumerate(Resource)
    )
    return connection


def line(portal: Portal) -> str:
    """Return what every page says at the fixed moment of these tests."""
    return page_reading.text_of(freshness.of(portal, now=NOW).line)


def test_pages_and_files_say_that_nothing_was_checked_for_days(linked: Linked) -> None:
    linked.sweep()
    Connection.objects.update(connected_at=clock() - timedelta(days=30))
    assert ALL_WELL in shown(linked)

    let_days_pass()

    said = "Xero has not been checked since"
    card = shown(linked)
    assert said in card
    assert "Not checked" in card
    assert ALL_WELL not in card
    assert said in shown(linked, "/")
    assert said in shown(linked, REPORT)
    learner = builders.make_learner(linked.portal)
    assert said in shown(linked, f"/learners/{learner.pk}/xero-invoices/")
    assert not freshness.of(linked.portal, now=clock()).is_complete
    file = builders.client_of(linked.manager).get("/reports/0442.csv")
    file.close()
    assert "-incomplete" in file["Content-Disposition"]


def test_reconnected_organisation_is_up_to_date_only_once_it_was_swept(linked: Linked) -> None:
    linked.sweep()
    browser = xero.Browser(linked.world, linked.manager)
    linked.world.do("disconnect", tenant=linked.tenant)
    browser.post(xero.CHECK)
    assert browser.connection.state == State.DISCONNECTED_IN_XERO
    let_days_pass()

    browser.connect()

    before = shown(linked)
    assert "What changed in Xero since" in before
    assert "is being read now, and appears here by itself." in before
    assert "Catching up" in before
    assert ALL_WELL not in before
    assert "is being read now" in shown(linked, "/")
    linked.sweep()
    after = shown(linked)
    assert ALL_WELL in after
    assert "What changed in Xero since" not in after


def test_short_disconnection_is_read_up_as_well(linked: Linked) -> None:
    linked.sweep()

    xero.Browser(linked.world, linked.manager).connect()

    assert ALL_WELL not in shown(linked)


def test_connection_that_was_just_made_says_no_more_than_its_first_sync(linked: Linked) -> None:
    assert "First sync" in shown(linked)
    end_first(linked)

    assert ALL_WELL in shown(linked)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"XERO_DAY_LIMIT": 1000},
        {"XERO_SWEEP_SECONDS": 900.0},
        {"XERO_SWEEP_SECONDS": timedelta(days=7).total_seconds()},
    ],
)
def test_stretched_sweeps_of_an_idle_organisation_are_no_news(
    portal: Portal, settings: Settings, given: dict[str, Any]
) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    interval = channel_health.longest_interval()

    # A sweep that is late by half of the time between two.
    swept(portal, NOW - interval * 3 / 2)

    assert freshness.of(portal, now=NOW).is_complete


def test_line_says_since_when_nothing_was_checked(portal: Portal) -> None:
    swept(portal, NOW - DAYS, NOW - DAYS + timedelta(minutes=4))

    fresh = freshness.of(portal, now=NOW)

    assert page_reading.text_of(fresh.line) == NOT_CHECKED
    assert (fresh.condition, fresh.file_suffix) == (Condition.KIND_REFUSED, "-incomplete")
    assert fresh.as_json()["since"] == (NOW - DAYS).isoformat()
    assert not fresh.as_json()["complete"]


def test_line_names_the_kinds_that_were_not_checked(portal: Portal) -> None:
    swept(portal, NOW - DAYS, NOW - DAYS, NOW)

    assert line(portal).startswith(
        "Not complete. Contacts and invoices in Xero have not been checked since 20 Nov at 8:00 pm,"
    )


def test_line_says_that_changes_are_read_while_a_worker_is_at_them(portal: Portal) -> None:
    swept(portal, NOW - DAYS)
    before = freshness.of(portal, now=NOW).mark
    Cursor.objects.update(leased_until=NOW + timedelta(seconds=60))

    fresh = freshness.of(portal, now=NOW)

    assert page_reading.text_of(fresh.text) == (
        "What changed in Xero since 20 Nov at 8:00 pm is being read now, and appears here by "
        "itself."
    )
    # So that open pages renew it.
    assert fresh.mark != before


def test_reconnection_that_no_worker_follows_is_told_as_such(portal: Portal) -> None:
    swept(portal, NOW - DAYS, connected_at=NOW - timedelta(hours=1))

    assert line(portal) == NOT_CHECKED


@pytest.mark.parametrize(
    ("leased_until", "said"),
    [
        (None, "Contacts have not been read from Xero yet. Checking continues by itself."),
        (
            NOW + timedelta(seconds=60),
            "Contacts are being read for the first time, and appear here by themselves.",
        ),
    ],
)
def test_kind_that_was_never_read_is_told_once_the_first_sync_has_ended(
    portal: Portal, leased_until: datetime | None, said: str
) -> None:
    connection = swept(portal, NOW)
    Cursor.objects.filter(resource=Resource.CONTACT).update(
        last_swept_at=None, leased_until=leased_until
    )
    assert said in line(portal)

    first_syncs.make_first(connection, RunState.RUNNING, read=412)

    assert freshness.of(portal, now=NOW).condition == Condition.FIRST_SYNC


def test_outage_that_stops_the_first_kind_is_told_of_those_behind_it(portal: Portal) -> None:
    swept(portal, NOW - DAYS)
    Cursor.objects.filter(resource=Resource.CONTACT).update(
        problem=NOT_ANSWERING, next_due_at=NOW + timedelta(minutes=5)
    )

    assert line(portal) == (
        "Not complete. Changes of contacts, invoices, credit notes, overpayments and prepayments "
        f"cannot be read at the moment. {NOT_ANSWERING}. Reading continues by itself after that."
    )


@pytest.mark.parametrize("problem", [NOT_ANSWERING, NO_CALLS])
def test_problem_that_is_over_is_not_the_reason_of_a_sweep_that_never_came(
    portal: Portal, problem: str
) -> None:
    swept(portal, NOW - DAYS)
    Cursor.objects.filter(resource=Resource.CONTACT).update(problem=problem)

    assert line(portal) == NOT_CHECKED


def test_used_up_calls_are_the_reason_of_what_waits_behind_them(portal: Portal) -> None:
    swept(portal, NOW - DAYS)
    Cursor.objects.filter(resource=Resource.CONTACT).update(
        problem=NO_CALLS, next_due_at=NOW + timedelta(hours=1)
    )

    gaps = freshness.of(portal, now=NOW).gaps

    assert [gap.condition for gap in gaps] == [Condition.PAUSED]


@pytest.mark.parametrize(("hours", "is_told"), [(10, False), (-10, True)])
def test_pause_explains_sweeps_that_did_not_come_until_it_is_over(
    portal: Portal, hours: int, is_told: bool
) -> None:
    swept(portal, NOW - DAYS, state=State.PAUSED, paused_until=NOW + timedelta(hours=hours))

    assert ("Xero has not been checked since" in line(portal)) is is_told


def test_lost_connection_is_reason_enough(portal: Portal) -> None:
    swept(portal, NOW - DAYS, state=State.DISCONNECTED_IN_XERO)

    assert "checked since" not in line(portal)


def test_saying_so_costs_no_query_more(portal: Portal) -> None:
    swept(portal, NOW)

    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            freshness.of(portal, now=NOW)
        return len(captured)

    healthy = queries()
    Cursor.objects.update(last_swept_at=NOW - DAYS)

    assert queries() == healthy <= 6


def test_learners_are_told_what_may_be_missing_and_of_no_refusal(portal: Portal) -> None:
    swept(portal, NOW - DAYS)

    fresh = freshness.of(portal, now=NOW)
    line = own_words.freshness_line(fresh, portal, now=NOW)

    assert "what changed since" in line
    assert "could not be read" not in line
