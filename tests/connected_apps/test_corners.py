"""Corners of single functions: claims, tasks, races, and answers in the wrong order."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connected_apps import audit, errors, panels, tasks
from connected_apps.lifecycle import (
    attaching,
    consents,
    disconnecting,
    housekeeping,
    refusals,
    removals,
)
from connected_apps.lifecycle.refusals import Cause
from connected_apps.models import (
    XERO,
    AuditEvent,
    Connection,
    Grant,
    PendingConsent,
    PendingRemoval,
    State,
)
from connected_apps.oauth import identity, jwt_claims, tokens
from lrm.models import Portal
from tests.support import xero
from tests.support.broker import Broker
from tests.support.connections import make_connection
from tests.support.xero import Browser


def jwt(payload: bytes) -> str:
    """Return something shaped like a token, around these bytes."""
    return f"head.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.signature"


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("", {}),
        ("opaque", {}),
        ("a.b.c", {}),
        ("a.ÿÿÿÿ.c", {}),
        (jwt(b"[1]"), {}),
        (jwt(b"no json"), {}),
        (jwt(b"\xff\xfe"), {}),
        (jwt(json.dumps({"sub": "x"}).encode()), {"sub": "x"}),
    ],
)
def test_claims_of_anything_are_read_or_empty(token: str, found: dict[str, str]) -> None:
    assert jwt_claims.claims_of(token) == found


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"given_name": "Priya", "family_name": "Nair"}, "Priya Nair"),
        ({"given_name": "Priya"}, "Priya"),
        ({"name": "P. Nair"}, "P. Nair"),
        ({"email": "priya@example.com"}, "priya@example.com"),
        ({"name": 7, "email": None}, ""),
    ],
)
def test_person_is_named_by_what_there_is(given: dict[str, Any], name: str) -> None:
    assert jwt_claims.person_named_by(given) == name


def test_tasks_do_their_work_and_are_rung_by_beat(browser: Browser) -> None:
    from celery import current_app

    browser.connect()
    Connection.objects.update(checked_at=None)
    Grant.objects.update(refreshed_at=timezone.now() - timedelta(days=30))
    pk = browser.connection.pk

    tasks.look_at(connection_id=pk)
    tasks.renew(connection_id=pk)
    tasks.finish_removals()
    tasks.tidy()

    assert browser.connection.checked_at is not None
    assert Grant.objects.get().refresh_count == 1
    assert set(tasks.SCHEDULE) <= set(current_app.conf.beat_schedule)
    for entry in tasks.SCHEDULE.values():
        assert entry["task"] in current_app.tasks


def test_worker_is_woken_for_each_connection_that_is_due(
    browser: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    browser.connect()
    Connection.objects.update(checked_at=None)
    Grant.objects.update(refreshed_at=timezone.now() - timedelta(days=30))
    browser.world.do("disconnect", tenant=browser.world.tenant(0)["tenant_id"])
    broker = Broker()
    broker.lose_all()

    with django_capture_on_commit_callbacks(execute=True):
        tasks.keep_alive()
    broker.answer()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.look_daily()
    broker.answer()

    assert Grant.objects.get().refresh_count == 1
    assert browser.connection.state == State.DISCONNECTED_IN_XERO


def test_renewal_that_cannot_be_done_now_is_not_an_error(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser.connect()
    browser.world.fail("/connect/token", times=-1, status=500)

    tasks.renew(connection_id=browser.connection.pk)

    assert "IdentityUnavailable" in caplog.text
    assert browser.connection.state == State.CONNECTED


def test_attempts_and_choices_nobody_came_back_to_end(browser: Browser) -> None:
    browser.start()

    housekeeping.end_lapsed(now=timezone.now() + timedelta(minutes=14))
    waiting = browser.connection.state
    housekeeping.end_lapsed(now=timezone.now() + timedelta(minutes=16))

    assert waiting == State.CONNECTING
    assert browser.connection.state == State.NOT_CONNECTED
    assert "Nobody came back" in AuditEvent.objects.filter(action="CONNECT_ABANDONED")[0].detail


def test_who_waited_for_a_failed_refresh_does_not_try_again(browser: Browser) -> None:
    browser.connect()
    now = timezone.now() + timedelta(minutes=40)
    Grant.objects.update(refresh_failed_at=now + timedelta(seconds=3))
    before = browser.world.calls("/connect/token")

    with pytest.raises(errors.IdentityUnavailable):
        tokens.access_token_for(connection_id=browser.connection.pk, now=now)
    waited_in_vain = browser.world.calls("/connect/token")
    tokens.access_token_for(connection_id=browser.connection.pk, now=now + timedelta(seconds=4))

    assert waited_in_vain == before
    assert Grant.objects.get().refresh_count == 1


def test_grant_given_up_meanwhile_gives_no_token(portal: Portal) -> None:
    with pytest.raises(errors.NotConnected):
        tokens.grant_token(grant_id=12345, now=timezone.now())
    with pytest.raises(errors.NotConnected):
        tokens._refreshed(grant_id=12345, now=timezone.now(), rejected=None)


def test_death_of_an_older_generation_moves_nothing(browser: Browser) -> None:
    browser.connect()
    stale = browser.connection
    browser.connect()

    tokens._record_death(stale, now=timezone.now())

    assert browser.connection.state == State.CONNECTED


def test_revocation_that_xero_does_not_confirm_is_tried_again(browser: Browser) -> None:
    browser.connect()
    browser.world.fail("/connect/revocation", status=500)
    browser.world.fail("/connect/revocation", cut="before")

    browser.post(xero.DISCONNECT)
    first = PendingRemoval.objects.get()
    for minutes in (5, 10):
        removals.finish_due(now=timezone.now() + timedelta(minutes=minutes))

    assert first.finished_at is None
    assert PendingRemoval.objects.get().finished_at is not None
    assert not Grant.objects.exists()


def test_removal_with_an_expired_token_refreshes_once(browser: Browser) -> None:
    browser.connect()
    browser.world.do("clock", advance_seconds=1900)

    browser.post(xero.DISCONNECT)

    assert browser.world.connections() == []
    assert PendingRemoval.objects.get().attempts == 1


def test_removal_whose_grant_is_gone_says_so(browser: Browser) -> None:
    browser.connect()
    browser.world.fail("/connections", times=-1, status=503)
    browser.post(xero.DISCONNECT)
    PendingRemoval.objects.update(grant=None)

    removals.finish_due(now=timezone.now() + timedelta(minutes=5))

    assert "could not be removed from here" in PendingRemoval.objects.get().outcome


def test_disconnecting_during_an_attempt_to_reconnect_ends_the_old_one(browser: Browser) -> None:
    browser.connect()
    Connection.objects.update(state=State.NEEDS_RECONNECTING)
    browser.start()

    browser.post(xero.DISCONNECT)

    assert browser.connection.state == State.DISCONNECTED_HERE
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions)[-3:] == ["CONNECT_ABANDONED", "DISCONNECTED", "REMOVED_IN_XERO"]


def test_disconnecting_a_portal_that_never_connected_does_nothing(browser: Browser) -> None:
    assert browser.user.portal is not None

    outcome = disconnecting.disconnect(
        portal=browser.user.portal, by=browser.user, now=timezone.now()
    )

    assert outcome == disconnecting.Outcome("", done_in_xero=True)


def test_choice_answered_twice_connects_once(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])
    pending = PendingConsent.objects.get()
    tenant = browser.world.tenant(0)["tenant_id"]
    browser.post(xero.CHOOSE, organisation=tenant)

    with pytest.raises(errors.ConsentProblem, match="already answered"):
        consents.answer(
            pending=pending,
            tenant_id=attaching.Offer.from_json(pending.organisations[0]).tenant_id,
            confirmed=True,
            by=browser.user,
            now=timezone.now(),
        )
    consents.discard(pending=pending, by=None, why="x", now=timezone.now())

    assert browser.connection.state == State.CONNECTED


def test_choice_of_something_else_is_refused(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])
    pending = PendingConsent.objects.get()

    with pytest.raises(errors.ConsentProblem, match="organisations that are listed"):
        consents.answer(
            pending=pending,
            tenant_id=pending.correlation_id,
            confirmed=True,
            by=browser.user,
            now=timezone.now(),
        )


def test_answer_without_a_code_is_explained(browser: Browser) -> None:
    from urllib.parse import parse_qs, urlsplit

    state = parse_qs(urlsplit(browser.start()).query)["state"][0]

    answer = browser.get(xero.CALLBACK, state=state)

    assert "without an answer" in browser.told(answer)


def test_answer_after_15_minutes_is_too_late(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    session = browser.client.session
    for attempt in session["xero_attempts"].values():
        attempt["at"] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()

    answer = browser.come_back(back)

    assert "has expired" in browser.told(answer)
    assert not Grant.objects.exists()


def test_unknown_oauth_error_is_no_verdict_on_the_grant(browser: Browser) -> None:
    browser.connect()
    browser.world.fail("/connect/token", status=400, body='{"error": "odd_new_error"}')

    with pytest.raises(errors.IdentityUnavailable):
        tokens.access_token_for(
            connection_id=browser.connection.pk, now=timezone.now() + timedelta(minutes=40)
        )

    assert Grant.objects.get().dead_at is None


def test_look_at_a_connection_that_moves_on_meanwhile_says_nothing(browser: Browser) -> None:
    browser.connect()
    Connection.objects.update(state=State.DISCONNECTED_HERE)

    refusal = refusals.check_with_xero(connection_id=browser.connection.pk, now=timezone.now())

    assert refusal is not None
    assert refusal.cause is Cause.STALE


def test_look_at_a_dead_grant_says_that_reconnecting_is_needed(browser: Browser) -> None:
    browser.connect()
    Grant.objects.update(dead_at=timezone.now())

    refusal = refusals.check_with_xero(connection_id=browser.connection.pk, now=timezone.now())

    assert refusal is not None
    assert refusal.cause is Cause.RECONNECT_NEEDED


def test_readiness_counts_states_and_waiting_removals_without_names(portal: Portal) -> None:
    make_connection(portal, State.CONNECTED)

    facts = panels.count_connections()

    assert facts == {
        "states": {"CONNECTED": 1},
        "removals_waiting": 0,
        "oldest_removal_at": None,
    }


def test_audit_detail_is_cut_and_correlates(portal: Portal) -> None:
    event = audit.record(
        portal=portal, app=XERO, action="X", by=None, now=timezone.now(), detail="x" * 600
    )

    assert len(event.detail) == 500
    assert event.actor_name == "The system"


def test_rows_name_themselves_without_secrets(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])
    grant, pending = Grant.objects.get(), PendingConsent.objects.get()
    browser.post(xero.CHOOSE, cancel="yes")

    said = [str(grant), str(pending), str(PendingRemoval.objects.all()[0])]
    said += [str(browser.connection), str(AuditEvent.objects.all()[0]), repr(grant)]

    assert all(said)
    assert "gAAAA" not in "".join(said)


@pytest.mark.parametrize("token_class", [identity.TokenPair, tokens.AccessToken, tokens.GrantToken])
def test_tokens_stay_out_of_reprs(token_class: Any) -> None:
    hidden = [
        name
        for name, field in token_class.__dataclass_fields__.items()
        if name in {"value", "access_token", "refresh_token"} and field.repr
    ]

    assert hidden == []
