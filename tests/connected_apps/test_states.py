"""Every state times every event: where it leads, or that it cannot happen."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from connected_apps import errors
from connected_apps.models import AuditEvent, Connection, State
from connected_apps.states import states, transitions
from connected_apps.states.transitions import Trigger
from lrm.models import Notice, Portal
from tests.support import builders, page_reading
from tests.support.connections import NOW, make_connection

NO = None
NC, CG, CD, WP = (
    State.NOT_CONNECTED,
    State.CONNECTING,
    State.CONNECTED,
    State.CONNECTED_WITH_PROBLEMS,
)
PA, NR, DX, DH = (
    State.PAUSED,
    State.NEEDS_RECONNECTING,
    State.DISCONNECTED_IN_XERO,
    State.DISCONNECTED_HERE,
)

# Written out by hand, not computed from the table: event, then the state after it for each state
# in this order. CONNECTING stands for an attempt that began while reconnecting was needed.
ORDER = [NC, CG, CD, WP, PA, NR, DX, DH]
EXPECTED: dict[Trigger, list[State | None]] = {
    Trigger.CONNECT_STARTED: [CG, CG, CD, WP, PA, CG, CG, CG],
    Trigger.CONNECT_ABANDONED: [NC, NR, CD, WP, PA, NR, DX, DH],
    Trigger.CONNECTED: [CD, CD, CD, CD, CD, CD, CD, CD],
    Trigger.DISCONNECTED: [NO, NO, DH, DH, DH, DH, NO, NO],
    Trigger.GONE_IN_XERO: [NO, NO, DX, DX, DX, DX, NO, NO],
    Trigger.GRANT_DEAD: [NO, NO, NR, NR, NR, NR, NO, NO],
    Trigger.SCOPE_MISSING: [NO, NO, NR, NR, NR, NR, NO, NO],
    Trigger.DAY_LIMIT_REACHED: [NO, NO, PA, PA, PA, NO, NO, NO],
    Trigger.RESUMED: [NO, NO, CD, WP, CD, NO, NO, NO],
    Trigger.PROBLEMS_FOUND: [NO, NO, WP, WP, PA, NR, NO, NO],
    Trigger.PROBLEMS_CLEARED: [NO, NO, CD, CD, PA, NR, NO, NO],
}
CASES = [
    (state, trigger, after)
    for trigger, row in EXPECTED.items()
    for state, after in zip(ORDER, row, strict=True)
]


def test_table_of_expectations_is_complete() -> None:
    assert set(EXPECTED) == set(Trigger)
    assert set(ORDER) == set(State)


@pytest.mark.parametrize(("state", "trigger", "after"), CASES)
def test_event_leads_where_the_table_says(
    portal: Portal, state: State, trigger: Trigger, after: State | None
) -> None:
    connection = make_connection(portal, state)

    def happen() -> Connection:
        return states.apply(
            connection_id=connection.pk, trigger=trigger, by=None, why="For a test.", now=NOW
        )

    if after is None:
        with pytest.raises(errors.ImpossibleTransition):
            happen()
        stored = Connection.objects.get()
        assert (stored.state, stored.generation) == (state, 7)
        assert not AuditEvent.objects.exists()
        return
    moved = happen()
    assert moved.state == after
    assert Connection.objects.get().state == after
    if after != state:
        line = AuditEvent.objects.get()
        assert (line.from_state, line.to_state, line.action) == (state, after, trigger)
        assert moved.state_since == NOW


@pytest.mark.parametrize("trigger", list(Trigger))
def test_generation_rises_exactly_when_queued_work_must_drop(
    portal: Portal, trigger: Trigger
) -> None:
    connection = make_connection(portal, CD)

    moved = states.apply(connection_id=connection.pk, trigger=trigger, by=None, why="x", now=NOW)

    rises = trigger in {Trigger.CONNECTED, Trigger.DISCONNECTED, Trigger.GONE_IN_XERO}
    assert moved.generation == (8 if rises else 7)


def test_stale_generation_changes_nothing(portal: Portal) -> None:
    connection = make_connection(portal, CD)

    with pytest.raises(errors.StaleGeneration):
        states.apply(
            connection_id=connection.pk,
            trigger=Trigger.GONE_IN_XERO,
            by=None,
            why="x",
            now=NOW,
            generation=6,
        )

    assert Connection.objects.get().state == CD


def test_pause_keeps_until_and_resumes_with_the_problems_found_meanwhile(portal: Portal) -> None:
    connection = make_connection(portal, CD)
    until = NOW + timedelta(hours=3)

    def happen(trigger: Trigger, **given: Any) -> Connection:
        return states.apply(
            connection_id=connection.pk, trigger=trigger, by=None, why="x", now=NOW, **given
        )

    paused = happen(Trigger.DAY_LIMIT_REACHED, paused_until=until)
    counted = happen(Trigger.PROBLEMS_FOUND, count=3)
    resumed = happen(Trigger.RESUMED)

    assert paused.paused_until == until
    assert (counted.state, counted.paused_until) == (PA, until)
    assert (resumed.state, resumed.problem_count, resumed.paused_until) == (WP, 3, None)


def test_abandoned_attempt_gives_back_state_and_reason(portal: Portal) -> None:
    connection = make_connection(portal, NR, reason="Withdrawn in Xero.")

    for trigger in (Trigger.CONNECT_STARTED, Trigger.CONNECT_ABANDONED):
        states.apply(connection_id=connection.pk, trigger=trigger, by=None, why="x", now=NOW)

    stored = Connection.objects.get()
    assert (stored.state, stored.reason) == (NR, "Withdrawn in Xero.")


@pytest.mark.parametrize(("minutes", "reads"), [(14, CG), (16, NR)])
def test_connecting_reads_as_the_state_before_after_15_minutes(
    portal: Portal, minutes: int, reads: State
) -> None:
    connection = make_connection(portal, CG, state_since=NOW, reason_before="Withdrawn.")

    shown = states.shown(connection, now=NOW + timedelta(minutes=minutes))

    assert shown.state == reads


@pytest.mark.parametrize(
    "trigger", [Trigger.GONE_IN_XERO, Trigger.GRANT_DEAD, Trigger.SCOPE_MISSING]
)
def test_break_tells_portal_admins_once_by_notice_and_one_email(
    portal: Portal,
    trigger: Trigger,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    builders.make_user(portal)
    builders.make_user(builders.make_portal("Another"), portal_admin=True)
    connection = make_connection(portal, CD, last_good_sync_at=NOW - timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        states.apply(connection_id=connection.pk, trigger=trigger, by=None, why="Because.", now=NOW)
        if trigger != Trigger.GONE_IN_XERO:
            states.apply(
                connection_id=connection.pk, trigger=trigger, by=None, why="Again.", now=NOW
            )

    assert [notice.user for notice in Notice.objects.all()] == [admin]
    assert len(mail.outbox) == 1
    assert mail.outbox[0].recipients() == [admin.email]
    assert mail.outbox[0].subject == f"Action needed: reconnect Xero for {portal.name}"
    assert "Demo RTO" in page_reading.text_of(str(mail.outbox[0].body))
    # 08:00 UTC is 19:00 in Sydney's summer.
    assert "since 7:00 pm AEDT on 22 November 2026" in page_reading.text_of(
        str(mail.outbox[0].body)
    )
    assert "/settings/connected-apps/" in page_reading.text_of(str(mail.outbox[0].body))


def test_every_state_has_a_row_in_the_table() -> None:
    assert set(transitions.TABLE) == set(State)
