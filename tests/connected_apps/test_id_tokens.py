"""The id token that comes with a consent: forged in every way, odd, and signed by other keys."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connected_apps.models import AuditEvent, Grant, State
from connected_apps.oauth import id_tokens
from tests.support.xero import Browser
from xero_simulator.identity import forgeries

KEYS = "/.well-known/openid-configuration/jwks"
TOKEN = "/connect/token"
# Nobody knows whether Xero gives a nonce back.
HARMLESS = "no_nonce"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    id_tokens._kept.clear()


@pytest.mark.parametrize("forgery", sorted({*forgeries.NAMES} - {HARMLESS}))
def test_connection_is_refused_when_the_id_token_is_forged(
    browser: Browser, forgery: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser.world.do("habits", id_token=forgery)

    answer = browser.connect()

    assert "could not be verified as Xero's own answer" in browser.told(answer)
    assert browser.connection.state == State.NOT_CONNECTED
    assert not Grant.objects.exists()
    assert "An id token was refused" in caplog.text
    assert "eyJ" not in caplog.text + str(list(AuditEvent.objects.values_list("detail")))


def test_connection_is_made_when_the_id_token_names_no_nonce(browser: Browser) -> None:
    browser.world.do("habits", id_token=HARMLESS)

    browser.connect()

    assert browser.connection.state == State.CONNECTED


def test_keys_are_asked_for_once_and_again_when_they_changed(browser: Browser) -> None:
    before = browser.world.calls(KEYS)
    browser.connect()
    browser.connect()
    assert browser.world.calls(KEYS) == before + 1

    browser.world.do("keys")
    browser.connect()

    assert browser.world.calls(KEYS) == before + 2
    assert browser.connection.state == State.CONNECTED
    assert Grant.objects.latest("pk").xero_user_name


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 200, "body": "no json"}, {"status": 200, "body": '{"keys": 1}'}],
)
def test_code_is_not_used_up_when_the_keys_cannot_be_read(
    browser: Browser, fault: dict[str, Any]
) -> None:
    before = browser.world.calls(TOKEN)
    browser.world.fail(KEYS, times=-1, **fault)

    answer = browser.connect()

    assert "Xero did not answer properly" in browser.told(answer)
    assert browser.world.calls(TOKEN) == before
    browser.world.heal()
    browser.connect()
    assert browser.connection.state == State.CONNECTED


def test_no_id_token_is_looked_for_when_none_was_asked_for(
    browser: Browser, settings: Settings
) -> None:
    settings.XERO_SCOPES = [one for one in settings.XERO_SCOPES if one != "openid"]
    before = browser.world.calls(KEYS)

    browser.connect()

    assert browser.connection.state == State.CONNECTED
    assert browser.world.calls(KEYS) == before
    assert Grant.objects.get().xero_user_name == ""
