"""Who may answer the question that a consent left open, and for how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connected_apps.lifecycle import consents
from connected_apps.models import AuditEvent, PendingConsent, State
from tests.support import builders, xero
from tests.support.xero import Browser


def test_question_that_nobody_answered_in_15_minutes_is_closed(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])
    PendingConsent.objects.update(expires_at=timezone.now())

    shown = browser.get(xero.CHOOSE)
    told = browser.told(shown)
    browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"])

    assert shown["Location"] == xero.PAGE
    assert "There is no open choice" in told
    assert browser.connection.organisation is None
    assert browser.connection.state != State.CONNECTED


@pytest.mark.parametrize("wrong", ["secret", "user", "portal", "now"])
def test_question_is_only_for_who_asked_it_in_time(browser: Browser, wrong: str) -> None:
    browser.connect(bulk=[0, 1])
    pending = PendingConsent.objects.get()
    good: dict[str, Any] = {
        "portal": browser.user.portal,
        "user": browser.user,
        "pending_id": pending.pk,
        "secret": browser.client.session["xero_question"]["secret"],
        "now": pending.expires_at - timedelta(seconds=1),
    }
    others = {
        "secret": "of another session",
        "user": builders.make_user(browser.user.portal, portal_admin=True),
        "portal": builders.make_portal("Other Training"),
        "now": pending.expires_at,
    }

    assert consents.question_for(**good) == pending
    assert consents.question_for(**{**good, wrong: others[wrong]}) is None


def test_cancelled_question_puts_a_broken_connection_back_as_it_was(browser: Browser) -> None:
    browser.connect()
    before = browser.connection
    before.state, before.reason = State.NEEDS_RECONNECTING, "Xero took the permission back."
    before.save()
    browser.connect(bulk=[0, 1])

    browser.post(xero.CHOOSE, cancel="yes")

    after = browser.connection
    assert (after.state, after.reason) == (before.state, before.reason)
    assert after.generation == before.generation
    cancelled = AuditEvent.objects.get(action="CONNECT_ABANDONED")
    assert cancelled.actor_name == str(browser.user)
    assert cancelled.detail == "Cancelled before a choice was made."
