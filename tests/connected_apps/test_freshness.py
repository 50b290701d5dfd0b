"""One line says on every page how fresh and complete its documents are."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connected_apps import freshness
from connected_apps.freshness import Condition
from connected_apps.models import Connection, State
from lrm.models import LrmRole, Portal
from tests.support import builders, first_syncs, page_reading
from tests.support.connections import NOW, make_connection
from xero_sync.models import Cursor, RunState

LINE = "/settings/connected-apps/xero/freshness/"
# 6:00 pm on 22 November, Sydney time.
LATER = NOW - timedelta(hours=2)


@pytest.fixture
def alex(portal: Portal) -> None:
    """Give the portal somebody who may act."""
    builders.make_user(portal, portal_admin=True, first_name="Alex", last_name="Ironbark")


def connect(portal: Portal, state: State = State.CONNECTED, **fields: object) -> Connection:
    """Store a connection whose first sync has ended."""
    values = {"last_good_sync_at": LATER, **fields}
    connection = make_connection(portal, state, **values)
    first_syncs.make_first(connection, RunState.DONE, read=864)
    return connection


def of(portal: Portal) -> freshness.Freshness:
    """Return the line at the fixed moment of these tests, 8:00 pm in Sydney."""
    return freshness.of(portal, now=NOW)


def test_line_is_up_to_date_when_nothing_is_missing(portal: Portal) -> None:
    connect(portal)

    fresh = of(portal)

    assert page_reading.text_of(fresh.line) == "Up to date. Checked with Xero today at 6:00 pm."
    assert fresh.is_complete
    assert fresh.file_suffix == ""


def test_line_is_not_connected_when_no_organisation_was_ever_chosen(portal: Portal) -> None:
    fresh = of(portal)

    assert fresh.condition == Condition.NOT_CONNECTED
    assert not fresh.is_connected


@pytest.mark.parametrize(
    ("state", "cause", "remedy"),
    [
        (
            State.DISCONNECTED_IN_XERO,
            "Xero was disconnected yesterday at 8:00 pm.",
            "Alex Ironbark can reconnect it.",
        ),
        (
            State.NEEDS_RECONNECTING,
            "Xero has not let anything be read since yesterday at 8:00 pm.",
            "Alex Ironbark can reconnect it.",
        ),
        (
            State.DISCONNECTED_HERE,
            "Xero was disconnected here yesterday at 8:00 pm.",
            "Alex Ironbark can connect it again.",
        ),
    ],
)
def test_line_says_since_when_and_who_can_act_when_the_connection_is_lost(
    portal: Portal, alex: None, state: State, cause: str, remedy: str
) -> None:
    connect(portal, state, last_good_sync_at=NOW - timedelta(days=1, minutes=2))

    fresh = of(portal)

    assert fresh.condition == Condition.DISCONNECTED
    assert page_reading.text_of(fresh.line) == (
        f"Not up to date. {cause} What changed in Xero since yesterday at 7:58 pm is not shown. "
        f"{remedy}"
    )
    assert fresh.file_suffix == "-incomplete"


def test_line_names_nobody_when_nobody_may_act(portal: Portal) -> None:
    builders.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    connect(portal, State.DISCONNECTED_IN_XERO)

    assert of(portal).who == "A portal admin can reconnect it."


def test_line_says_that_somebody_connects_until_the_attempt_lapses(portal: Portal) -> None:
    connect(portal, State.CONNECTING, state_since=NOW - timedelta(minutes=3))
    during = of(portal)

    Connection.objects.update(state_since=NOW - timedelta(minutes=16))
    after = of(portal)

    assert "Somebody is connecting Xero right now." in during.line
    assert "Xero has not let anything be read" in after.line


def test_line_says_until_when_xero_is_closed(portal: Portal) -> None:
    connect(portal, State.PAUSED, paused_until=NOW + timedelta(hours=19, minutes=44))

    fresh = of(portal)

    assert fresh.condition == Condition.PAUSED
    assert page_reading.text_of(fresh.line) == (
        "Not up to date. Today's calls to Xero are used up. What changed in Xero since today at "
        "6:00 pm is not shown. Reading goes on tomorrow at 3:44 pm."
    )
    assert fresh.as_json()["until"] == "2026-11-23T04:44:00+00:00"


def test_line_counts_while_the_first_sync_goes_on(portal: Portal) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.RUNNING, read=412)

    fresh = of(portal)

    assert page_reading.text_of(fresh.line) == (
        "Not complete yet. Xero is still being read: 412 of 864 documents. The rest appears here "
        "by itself."
    )
    assert (fresh.as_json()["read"], fresh.as_json()["total"]) == (412, 864)


def test_line_does_not_count_before_xero_has_told_how_much_there_is(portal: Portal) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.RUNNING, read=0).steps.all().delete()

    assert "Xero is still being read. The rest" in of(portal).line


def test_line_promises_nothing_when_the_connection_is_lost_in_the_first_sync(
    portal: Portal,
) -> None:
    connection = connect(portal, State.DISCONNECTED_IN_XERO)
    first_syncs.make_first(connection, RunState.RUNNING, read=412)

    line = of(portal).line

    assert "The first sync had read 412 of 864 documents." in line
    assert "by itself" not in line


def test_line_says_what_is_missing_after_a_cancelled_first_sync(portal: Portal, alex: None) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.CANCELLED, read=85)

    fresh = of(portal)

    assert fresh.condition == Condition.FIRST_SYNC_CANCELLED
    assert page_reading.text_of(fresh.line) == (
        "Not complete. The first sync was cancelled today at 6:00 pm after 85 of 864 documents, so "
        "older documents are missing. New changes still arrive. Alex Ironbark can continue it."
    )


def test_line_names_the_kind_that_xero_refuses(portal: Portal) -> None:
    connection = connect(portal)
    assert connection.organisation is not None
    Cursor.objects.create(
        organisation=connection.organisation,
        resource="CREDIT_NOTE",
        next_due_at=NOW,
        problem="Priya Nair lacks the role for it in Xero",
    )

    fresh = of(portal)

    assert fresh.condition == Condition.KIND_REFUSED
    assert page_reading.text_of(fresh.line) == (
        "Not complete. Changes of credit notes cannot be read at the moment. Priya Nair lacks the "
        "role for it in Xero. Reading continues by itself after that."
    )


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 document could not be saved, so it is missing or older here. It is tried again"),
        (2, "2 documents could not be saved, so they are missing or older here. They are tried"),
    ],
)
def test_line_counts_what_could_not_be_saved(portal: Portal, count: int, words: str) -> None:
    connection = connect(portal)
    first_syncs.quarantine(connection, count)

    fresh = of(portal)

    assert fresh.condition == Condition.NOT_SAVED
    assert words in page_reading.text_of(fresh.line)
    assert fresh.as_json()["count"] == count


def test_line_is_not_complete_when_a_check_found_differences(portal: Portal) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.DONE_WITH_PROBLEMS, read=860)

    assert of(portal).condition == Condition.DIFFERS


def test_line_says_that_our_own_books_hold_calls_back(portal: Portal) -> None:
    connection = connect(portal)
    assert connection.organisation is not None
    Cursor.objects.create(
        organisation=connection.organisation,
        resource="INVOICE",
        next_due_at=NOW + timedelta(hours=1),
        last_swept_at=NOW,
        problem="Xero's limit of calls a day is reached",
    )

    fresh = of(portal)

    assert fresh.condition == Condition.PAUSED
    assert "Reading is tried again today at 9:00 pm, by itself." in page_reading.text_of(fresh.line)


def test_worst_comes_first_when_much_is_missing(portal: Portal) -> None:
    connection = connect(portal, State.PAUSED, paused_until=NOW + timedelta(hours=1))
    first_syncs.make_first(connection, RunState.RUNNING, read=412)
    first_syncs.quarantine(connection, 2)

    fresh = of(portal)

    assert [gap.condition for gap in fresh.gaps] == [
        Condition.PAUSED,
        Condition.FIRST_SYNC,
        Condition.NOT_SAVED,
    ]
    assert (
        page_reading.text_of(fresh.line).index("used up")
        < page_reading.text_of(fresh.line).index("412 of 864")
        < page_reading.text_of(fresh.line).index("saved")
    )


def test_mark_is_another_in_every_state(portal: Portal) -> None:
    connection = connect(portal)
    marks = [of(portal).mark]
    first_syncs.make_first(connection, RunState.RUNNING, read=412)
    marks.append(of(portal).mark)
    first_syncs.make_first(connection, RunState.RUNNING, read=413)
    marks.append(of(portal).mark)
    Connection.objects.update(state=State.PAUSED, paused_until=NOW)
    marks.append(of(portal).mark)
    Connection.objects.update(state=State.DISCONNECTED_IN_XERO)
    marks.append(of(portal).mark)

    assert all(one != other for one, other in itertools.combinations(marks, 2))


def test_line_costs_a_fixed_number_of_queries(portal: Portal) -> None:
    connection = connect(portal)

    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            of(portal)
        return len(captured)

    few = queries()
    first_syncs.quarantine(connection, 20)

    assert queries() == few <= 6


@pytest.mark.parametrize("page", ["/learners/{}/xero-invoices/"])
def test_page_says_it_to_staff(portal: Portal, alex: None, page: str) -> None:
    connect(portal, State.DISCONNECTED_IN_XERO)
    learner = builders.make_learner(portal)
    client = builders.client_of(builders.make_user(portal))

    html = client.get(page.format(learner.id)).content.decode()

    assert "Not up to date." in html
    assert "Alex Ironbark can reconnect it." in html


def test_empty_page_says_that_xero_is_still_being_read(portal: Portal) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.RUNNING, read=412)
    learner = builders.make_learner(portal)
    client = builders.client_of(builders.make_user(portal))

    html = client.get(f"/learners/{learner.id}/xero-invoices/").content.decode()

    assert "412 of 864 documents are here so far" in html
    assert "No Xero contact yet" not in html


def test_empty_page_says_something_else_once_all_is_read(portal: Portal) -> None:
    connection = connect(portal)
    first_syncs.make_first(connection, RunState.RUNNING, read=412)
    learner = builders.make_learner(portal)
    client = builders.client_of(builders.make_user(portal))
    page = client.get(f"/learners/{learner.id}/xero-invoices/")
    asks = f"/learners/{learner.id}/xero-invoices/table/?{page.context['live_query']}"
    unchanged = client.get(asks)

    first_syncs.make_first(connection, RunState.DONE, read=864)
    changed = client.get(asks)

    assert unchanged.status_code == 204
    assert "No Xero contact yet" in changed.content.decode()


def test_line_is_answered_only_when_it_has_changed_and_spoken_when_it_is_news(
    portal: Portal,
) -> None:
    connection = connect(portal, last_good_sync_at=datetime.now(UTC))
    client = builders.client_of(builders.make_user(portal))
    asked = {"seen": freshness.of(portal, now=datetime.now(UTC)).mark, "condition": "up_to_date"}

    same = client.get(LINE, asked)
    first_syncs.make_first(connection, RunState.RUNNING, read=412)
    news = client.get(LINE, asked)
    more = client.get(LINE, {"seen": "older", "condition": "first_sync"})

    assert same.status_code == 204
    assert 'id="freshness-said"' in news.content.decode()
    assert "412 of 864" in more.content.decode()
    assert 'id="freshness-said"' not in more.content.decode()


def test_line_is_for_everybody_who_sees_documents(portal: Portal) -> None:
    connect(portal)
    people = {
        "staff": builders.make_user(portal),
        "admin": builders.make_user(portal, portal_admin=True, role=LrmRole.NONE),
        "neither": builders.make_user(portal, role=LrmRole.NONE),
        "nobody": None,
    }

    seen = {who: builders.client_of(user).get(LINE).status_code for who, user in people.items()}

    assert seen == {"staff": 200, "admin": 200, "neither": 403, "nobody": 302}
