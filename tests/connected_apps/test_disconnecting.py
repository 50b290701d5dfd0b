"""Disconnecting: here at once, in Xero as soon as it answers, and never somebody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connected_apps import errors, signals
from connected_apps.lifecycle import removals
from connected_apps.models import AuditEvent, Grant, PendingRemoval, State
from connected_apps.oauth import tokens
from lrm.models import Portal
from tests.support import builders, xero
from tests.support.xero import Browser

SOON = timedelta(seconds=1)


@pytest.fixture
def connected(browser: Browser) -> Browser:
    """The portal connected."""
    browser.connect()
    return browser


def test_confirmation_names_the_organisation_and_changes_nothing(connected: Browser) -> None:
    page = connected.get(xero.DISCONNECT).content.decode()

    assert f"Disconnect {connected.world.tenant(0)['name']}" in page
    for words in ("What stops", "What is kept", "How to come back"):
        assert words in page
    assert connected.connection.state == State.CONNECTED


def test_disconnect_removes_the_connection_in_xero_and_gives_the_grant_back(
    connected: Browser,
) -> None:
    answer = connected.post(xero.DISCONNECT)

    connection = connected.connection
    assert connection.state == State.DISCONNECTED_HERE
    assert connection.generation == 2
    assert connection.grant is None
    assert connection.organisation is not None
    assert connected.world.connections() == []
    assert connected.world.calls("/connect/revocation") == 1
    assert not Grant.objects.exists()
    assert "is disconnected. What was synced is kept." in connected.told(answer)


def test_double_click_is_harmless(connected: Browser) -> None:
    connected.post(xero.DISCONNECT, generation="1")
    answer = connected.post(xero.DISCONNECT, generation="1")

    assert answer.status_code == 302
    assert connected.connection.generation == 2
    assert AuditEvent.objects.filter(action="DISCONNECTED").count() == 1


def test_confirmation_of_an_older_connection_ends_nothing(connected: Browser) -> None:
    connected.connect()

    answer = connected.post(xero.DISCONNECT, generation="1")

    assert connected.connection.state == State.CONNECTED
    assert "changed meanwhile" in connected.told(answer)


@pytest.mark.parametrize("generation", ["one", "-1", "9" * 5000])
def test_nonsense_for_a_confirmation_ends_nothing(connected: Browser, generation: str) -> None:
    answer = connected.post(xero.DISCONNECT, generation=generation)

    assert answer.status_code == 302
    assert connected.connection.state == State.CONNECTED


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"cut": "before"}])
def test_disconnect_holds_here_and_is_finished_later_when_xero_is_away(
    connected: Browser, fault: dict[str, Any]
) -> None:
    connected.world.fail("/connections", times=-1, **fault)

    answer = connected.post(xero.DISCONNECT)
    told = connected.told(answer)
    page = connected.get(xero.PAGE).content.decode()
    state = connected.connection.state
    connected.world.heal()
    removals.finish_due(now=timezone.now() + timedelta(minutes=5))

    assert state == State.DISCONNECTED_HERE
    assert "Xero could not be reached" in told
    assert "still has to be removed in Xero" in page
    assert connected.world.connections() == []
    assert not Grant.objects.exists()
    assert AuditEvent.objects.filter(action="REMOVED_IN_XERO").exists()


def test_lost_reply_to_a_removal_ends_well(connected: Browser) -> None:
    connected.world.fail("/connections", method="DELETE", cut="after")

    connected.post(xero.DISCONNECT)
    removals.finish_due(now=timezone.now() + timedelta(minutes=5))

    assert PendingRemoval.objects.get().finished_at is not None
    assert connected.world.connections() == []


def test_dead_grant_ends_a_removal_and_says_what_to_do(connected: Browser) -> None:
    connected.world.fail("/connections", times=-1, status=503)
    connected.post(xero.DISCONNECT)
    Grant.objects.update(dead_at=timezone.now())

    removals.finish_due(now=timezone.now() + timedelta(minutes=5))

    line = AuditEvent.objects.get(action="REMOVED_IN_XERO")
    assert "remove it there" in line.detail
    assert line.is_problem


def test_reconnecting_calls_off_a_removal_that_waits(connected: Browser) -> None:
    connected.world.fail("/connections", method="DELETE", times=-1, status=503)
    connected.post(xero.DISCONNECT)
    connected.world.heal()

    connected.connect()
    removals.finish_due(now=timezone.now() + timedelta(minutes=5))

    assert connected.connection.state == State.CONNECTED
    assert len(connected.world.connections()) == 1
    assert "Not needed" in PendingRemoval.objects.get().outcome


def test_disconnecting_leaves_another_portals_connection_alone(
    connected: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    elsewhere = builders.make_user(builders.make_portal("Other"), portal_admin=True)
    other = Browser(connected.world, elsewhere, django_capture_on_commit_callbacks)
    other.connect()
    other.post(xero.CHOOSE, organisation=connected.world.tenant(0)["tenant_id"], confirmed="yes")

    connected.post(xero.DISCONNECT)

    assert other.connection.state == State.CONNECTED
    assert len(connected.world.connections()) == 1
    assert connected.world.calls("/connect/revocation") == 0
    assert tokens.access_token_for(connection_id=other.connection.pk, now=timezone.now())
    assert "another connection of this system uses it" in PendingRemoval.objects.get().outcome


def test_user_with_a_second_organisation_is_not_revoked(
    connected: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    elsewhere = builders.make_user(builders.make_portal("Other"), portal_admin=True)
    other = Browser(connected.world, elsewhere, django_capture_on_commit_callbacks)
    other.connect(tenant=1)

    connected.post(xero.DISCONNECT)

    left = [line["tenantId"] for line in connected.world.connections()]
    assert left == [connected.world.tenant(1)["tenant_id"]]
    assert connected.world.calls("/connect/revocation") == 0


def test_disconnected_portal_gets_no_tokens_and_a_signal_is_sent(connected: Browser) -> None:
    heard: list[int] = []

    def listen(*, connection: Any, **_rest: object) -> None:
        heard.append(connection.pk)

    signals.disconnected.connect(listen)
    try:
        connected.post(xero.DISCONNECT)
    finally:
        signals.disconnected.disconnect(listen)

    assert heard == [connected.connection.pk]
    with pytest.raises(errors.NotConnected):
        tokens.access_token_for(connection_id=connected.connection.pk, now=timezone.now())


def test_a_removal_is_leased_by_one_worker(connected: Browser) -> None:
    connected.world.fail("/connections", times=-1, status=503)
    connected.post(xero.DISCONNECT)
    now = timezone.now() + timedelta(minutes=5)
    removal = PendingRemoval.objects.get()

    first = removals._take(removal.pk, now=now)
    second = removals._take(removal.pk, now=now + SOON)
    after_the_lease = removals._take(removal.pk, now=now + timedelta(minutes=3))

    assert first is not None
    assert second is None
    assert after_the_lease is not None


def test_nothing_to_disconnect_is_said(browser: Browser, portal: Portal) -> None:
    answer = browser.get(xero.DISCONNECT)

    assert answer["Location"] == xero.PAGE
    assert "nothing to disconnect" in browser.told(answer)


def test_reconnecting_as_another_xero_user_clears_the_first_ones_place(
    connected: Browser,
) -> None:
    tenant = connected.world.tenant(0)["tenant_id"]
    first = connected.world.connections()[0]["user"]
    other = next(
        user
        for user in connected.world.show("users")
        if tenant in user["tenant_ids"] and user["user_id"] != first
    )

    connected.come_back(connected.world.consent(connected.start(), user=other, tenants=[tenant]))
    removals.finish_due(now=timezone.now() + SOON)

    assert [line["user"] for line in connected.world.connections()] == [other["user_id"]]
    assert connected.connection.state == State.CONNECTED
    assert tokens.access_token_for(connection_id=connected.connection.pk, now=timezone.now())
    assert Grant.objects.count() == 1
