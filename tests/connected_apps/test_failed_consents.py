"""Every way in which connecting to Xero comes to nothing."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from connected_apps.models import Connection, Grant, State
from lrm.models import LrmRole, Portal
from tests.support import builders, xero
from tests.support.simulator_client import SimulatorClient
from tests.support.xero import Browser


def test_cancelled_consent_changes_nothing(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=[], decision="cancel")

    answer = browser.come_back(back)

    assert browser.connection.state == State.NOT_CONNECTED
    assert not Grant.objects.exists()
    assert "Access was not allowed in Xero" in browser.told(answer)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"code": "x", "state": "forged"}, "has expired or was finished in another tab"),
        ({"code": "x"}, "has expired or was finished in another tab"),
        ({}, "has expired or was finished in another tab"),
        ({"error": "access_denied", "state": "für"}, "has expired or was finished in another tab"),
    ],
)
def test_forged_answer_moves_no_state(browser: Browser, query: dict[str, str], said: str) -> None:
    browser.start()

    answer = browser.get(xero.CALLBACK, **query)

    assert said in browser.told(answer)
    assert browser.connection.state == State.CONNECTING
    assert not Grant.objects.exists()


def test_replayed_answer_is_refused_and_leaves_the_connection(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    browser.come_back(back)

    answer = browser.come_back(back)

    assert "has expired or was finished in another tab" in browser.told(answer)
    assert browser.connection.state == State.CONNECTED


def test_answer_of_another_persons_session_is_refused(
    browser: Browser, django_capture_on_commit_callbacks: object
) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    colleague = builders.make_user(browser.user.portal, portal_admin=True)
    other = Browser(browser.world, colleague, django_capture_on_commit_callbacks)

    answer = other.come_back(back)

    assert "has expired or was finished in another tab" in other.told(answer)
    assert not Grant.objects.exists()


def test_expired_code_is_explained(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    browser.world.do("clock", advance_seconds=301)

    answer = browser.come_back(back)

    assert "valid for 5 minutes and only once" in browser.told(answer)
    assert browser.connection.state == State.NOT_CONNECTED


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "Access was not allowed in Xero"),
        ("invalid_scope", "support must check"),
        ("server_error", "it says: server_error"),
        ("<script>", "no code we know"),
    ],
)
def test_error_of_the_redirect_has_its_own_sentence(
    browser: Browser, error: str, said: str
) -> None:
    state = parse_qs(urlsplit(browser.start()).query)["state"][0]

    answer = browser.get(xero.CALLBACK, error=error, state=state)

    assert said in browser.told(answer)
    assert browser.connection.state == State.NOT_CONNECTED


# What a Xero user may have besides organisations; the second is the tenant of an app's own events.
OTHER_TENANTS = pytest.mark.parametrize("kind", ["PRACTICE", "APPLICATION"])


@OTHER_TENANTS
def test_tenant_of_another_kind_alone_is_no_organisation(browser: Browser, kind: str) -> None:
    user = browser.world.user(organisations=1)
    browser.world.do("users", user=user["user_id"], practice=True, tenant_type=kind)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    for line in browser.world.connections():
        if line["tenantType"] == "ORGANISATION":
            browser.world.do("disconnect", tenant=line["tenantId"])

    answer = browser.come_back(back)

    assert "no organisation came with it" in browser.told(answer)
    assert browser.connection.state == State.NOT_CONNECTED
    assert not Grant.objects.exists()


@OTHER_TENANTS
def test_tenant_of_another_kind_beside_an_organisation_is_ignored(
    browser: Browser, kind: str
) -> None:
    user = browser.world.user(organisations=1)
    browser.world.do("users", user=user["user_id"], practice=True, tenant_type=kind)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])

    browser.come_back(back)

    assert str(browser.organisation.tenant_id) == user["tenant_ids"][0]


FAULTS = [
    ({"status": 500}, "did not answer properly"),
    ({"status": 429}, "did not answer properly"),
    ({"status": 503, "body": "The Xero API is temporarily unavailable"}, "did not answer properly"),
    ({"named": "bad_json"}, "did not answer properly"),
    ({"status": 200, "body": "[1, 2]"}, "did not answer properly"),
    ({"status": 200, "body": "{}"}, "did not answer properly"),
    (
        {"status": 200, "body": '{"access_token": 7, "refresh_token": {}}'},
        "did not answer properly",
    ),
    ({"status": 302, "headers": {"Location": "https://example.com/"}}, "did not answer properly"),
    ({"cut": "before"}, "did not answer properly"),
    ({"cut": "after"}, "did not answer properly"),
]


@pytest.mark.parametrize("step", ["/connect/token", "/connections"])
@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_fault_at_any_step_leaves_nothing_half_connected(
    browser: Browser, step: str, fault: dict[str, Any], said: str
) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    browser.world.fail(step, **fault)

    answer = browser.come_back(back)

    assert said in browser.told(answer)
    assert browser.connection.state == State.NOT_CONNECTED
    assert not Grant.objects.exists()
    assert not browser.connection.portal.organisations.exists()


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
def test_app_that_xero_refuses_is_an_operators_fault(
    browser: Browser, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    browser.world.fail("/connect/token", status=400, body=f'{{"error": "{error}"}}')

    answer = browser.come_back(back)

    assert "support must check" in browser.told(answer)
    assert "XERO_CLIENT_SECRET" in caplog.text


def test_right_lost_on_the_way_ends_the_session_and_connects_nothing(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])
    browser.user.lrm_role = LrmRole.NONE
    browser.user.save()

    answer = browser.come_back(back)

    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=/settings/connected-apps/"
    # It ends like every attempt that nobody comes back from.
    assert browser.connection.state == State.CONNECTING
    assert not Grant.objects.exists()


def test_callback_without_session_asks_to_sign_in(world: SimulatorClient, portal: Portal) -> None:
    answer = builders.client_of(None).get(xero.CALLBACK, {"code": "x", "state": "y"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_connecting_reads_as_before_when_nobody_comes_back(browser: Browser) -> None:
    browser.start()
    Connection.objects.update(state_since=timezone.now() - timedelta(minutes=16))

    page = browser.get(xero.PAGE).content.decode()

    assert "Not connected" in page
    assert browser.connection.state == State.CONNECTING
