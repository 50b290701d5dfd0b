"""What a refusal means, and what the daily look finds."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from connected_apps.lifecycle import housekeeping, refusals
from connected_apps.lifecycle.refusals import Cause
from connected_apps.models import Connection, Grant, State
from lrm.models import Notice
from tests.support import xero
from tests.support.xero import Browser

DETAIL = "AuthenticationUnsuccessful"


@pytest.fixture
def connected(browser: Browser) -> Browser:
    """The portal connected."""
    browser.connect()
    return browser


def explain(browser: Browser, status: int, detail: str = DETAIL) -> refusals.Refusal:
    """Ask what a refusal means."""
    connection = browser.connection
    return refusals.explain_refusal(
        connection_id=connection.pk,
        generation=connection.generation,
        status=status,
        detail=detail,
        now=timezone.now(),
    )


def test_disconnection_in_xero_is_noticed_told_once_and_shown(
    connected: Browser, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    connected.world.do("disconnect", tenant=connected.world.tenant(0)["tenant_id"])

    with django_capture_on_commit_callbacks(execute=True):
        refusal = explain(connected, 403)
    page = connected.get("/").content.decode()

    assert refusal.cause is Cause.DISCONNECTED_IN_XERO
    assert connected.connection.state == State.DISCONNECTED_IN_XERO
    assert connected.connection.generation == 2
    assert Notice.objects.count() == 1
    assert len(mail.outbox) == 1
    assert "was disconnected in Xero." in page


def test_second_worker_with_the_old_generation_finds_it_moved_on(connected: Browser) -> None:
    connected.world.do("disconnect", tenant=connected.world.tenant(0)["tenant_id"])
    explain(connected, 403)

    refusal = refusals.explain_refusal(
        connection_id=connected.connection.pk,
        generation=1,
        status=403,
        detail=DETAIL,
        now=timezone.now(),
    )

    assert refusal.cause is Cause.STALE
    assert Notice.objects.count() == 1


def test_listed_organisation_with_403_is_a_matter_of_role_or_plan(connected: Browser) -> None:
    refusal = explain(connected, 403)

    assert refusal.cause is Cause.ROLE_OR_PLAN
    assert connected.world.tenant(0)["name"] in refusal.sentence
    assert connected.connection.state == State.CONNECTED


def test_listed_organisation_with_401_is_our_own_fault(
    connected: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = explain(connected, 401)

    assert refusal.cause is Cause.OUR_FAULT
    assert connected.connection.state == State.CONNECTED
    assert "ERROR" in caplog.text


@pytest.mark.parametrize("detail", ["insufficent_scope", 'Bearer error="insufficient_scope"'])
def test_missing_scope_needs_reconnecting(connected: Browser, detail: str) -> None:
    refusal = explain(connected, 401, detail)

    assert refusal.cause is Cause.SCOPE_MISSING
    assert connected.connection.state == State.NEEDS_RECONNECTING


def test_organisation_offline_asks_nobody_to_act(connected: Browser) -> None:
    refusal = explain(connected, 503, "The Organisation is offline")

    assert refusal.cause is Cause.OFFLINE
    assert connected.connection.state == State.CONNECTED


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"cut": "before"}])
def test_unreachable_connections_leaves_the_question_open(
    connected: Browser, fault: dict[str, Any]
) -> None:
    connected.world.fail("/connections", times=-1, **fault)

    refusal = explain(connected, 403)

    assert refusal.cause is Cause.NOT_KNOWN_YET
    assert connected.connection.state == State.CONNECTED


def test_expired_token_is_refreshed_on_the_way(connected: Browser) -> None:
    connected.world.do("clock", advance_seconds=1900)

    refusal = explain(connected, 403)

    assert refusal.cause is Cause.ROLE_OR_PLAN
    assert Grant.objects.get().refresh_count == 1


def test_token_refused_even_after_a_refresh_needs_reconnecting(connected: Browser) -> None:
    connected.world.fail("/connections", times=-1, status=401)

    refusal = explain(connected, 401)

    assert refusal.cause is Cause.RECONNECT_NEEDED
    assert connected.connection.state == State.NEEDS_RECONNECTING


def test_daily_look_finds_a_disconnection_nobody_met(connected: Browser) -> None:
    connected.world.do("disconnect", tenant=connected.world.tenant(0)["tenant_id"])
    later = timezone.now() + timedelta(hours=21)

    due = housekeeping.connections_to_look_at(now=later)
    refusals.check_with_xero(connection_id=due[0], now=timezone.now())

    assert housekeeping.connections_to_look_at(now=timezone.now() + timedelta(hours=19)) == []
    assert connected.connection.state == State.DISCONNECTED_IN_XERO


def test_daily_look_remembers_when_xero_confirmed(connected: Browser) -> None:
    Connection.objects.update(checked_at=None)

    refusals.check_with_xero(connection_id=connected.connection.pk, now=timezone.now())

    assert connected.connection.checked_at is not None
    assert "Connection last confirmed by Xero" in connected.get(xero.PAGE).content.decode()


def test_reconnecting_after_a_disconnection_in_xero_keeps_the_organisation(
    connected: Browser,
) -> None:
    before = connected.connection.organisation
    connected.world.do("disconnect", tenant=connected.world.tenant(0)["tenant_id"])
    explain(connected, 403)
    last_good = timezone.now() - timedelta(hours=5)
    Connection.objects.update(last_good_sync_at=last_good)

    connected.connect()

    assert connected.connection.state == State.CONNECTED
    assert connected.connection.organisation == before
    assert connected.connection.last_good_sync_at == last_good


def test_check_says_that_xero_confirms(connected: Browser) -> None:
    answer = connected.post(xero.CHECK)

    assert "Xero confirms the connection" in connected.told(answer)


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"status": 401}, "Xero refuses the permission"), ({"status": 500}, "asked again")],
)
def test_check_says_what_is_wrong(connected: Browser, fault: dict[str, Any], said: str) -> None:
    connected.world.fail("/connections", times=-1, **fault)

    answer = connected.post(xero.CHECK)

    assert said in connected.told(answer)
