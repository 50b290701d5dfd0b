"""Connecting to Xero, all going well."""

import uuid
from urllib.parse import parse_qs, urlsplit

from pytest_django.fixtures import Settings

from connected_apps import queries, signals
from connected_apps.models import AuditEvent, Grant, State
from lrm import sealed_values
from lrm.models import Portal
from tests.support import xero
from tests.support.xero import Browser


def test_connect_stores_organisation_and_tokens_when_allowed(browser: Browser) -> None:
    answer = browser.connect()

    connection = browser.connection
    assert answer["Location"] == xero.PAGE
    assert connection.state == State.CONNECTED
    assert connection.organisation is not None
    assert str(connection.organisation.tenant_id) == browser.world.tenant(0)["tenant_id"]
    assert connection.generation == 1
    assert connection.connected_by == browser.user
    assert connection.xero_connection_id == uuid.UUID(browser.world.connections()[0]["id"])
    assert f"Connected to {connection.organisation.name}" in browser.told(answer)


def test_authorize_address_carries_pkce_state_and_fixed_redirect(
    browser: Browser, settings: Settings
) -> None:
    query = parse_qs(urlsplit(browser.start()).query)

    assert query["response_type"] == ["code"]
    assert query["client_id"] == [settings.XERO_CLIENT_ID]
    assert query["redirect_uri"] == [f"{settings.PUBLIC_URL}{xero.CALLBACK}"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert len(query["state"][0]) >= 43
    assert len(query["nonce"][0]) >= 43
    assert query["scope"] == [" ".join(settings.XERO_SCOPES)]
    assert "acr_values" not in query


def test_connected_signal_is_sent_once_when_connected(browser: Browser) -> None:
    heard: list[tuple[bool, bool]] = []

    def listen(*, reconnected: bool, same_organisation: bool, **_rest: object) -> None:
        heard.append((reconnected, same_organisation))

    signals.connected.connect(listen)
    try:
        browser.connect()
        browser.connect()
    finally:
        signals.connected.disconnect(listen)

    assert heard == [(False, False), (True, True)]


def test_tokens_are_encrypted_and_absent_from_pages_and_audit(browser: Browser) -> None:
    answer = browser.connect()

    grant = Grant.objects.get()
    page = browser.get(xero.PAGE).content.decode()
    trail = " ".join(AuditEvent.objects.values_list("detail", flat=True))
    assert sealed_values.is_sealed(grant.access_token_encrypted)
    assert b"eyJ" not in bytes(grant.access_token_encrypted)
    assert "eyJ" not in page + trail + str(answer.headers)


def test_two_tabs_do_not_take_each_others_answer(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    one, two = browser.start(), browser.start()
    back_one = browser.world.consent(one, user=user, tenants=user["tenant_ids"][:1])
    back_two = browser.world.consent(two, user=user, tenants=user["tenant_ids"][:1])

    browser.come_back(back_two)
    browser.come_back(back_one)

    assert browser.connection.state == State.CONNECTED
    assert browser.connection.generation == 2
    assert Grant.objects.count() == 1


def test_current_organisation_is_the_one_connected_last(browser: Browser, portal: Portal) -> None:
    before = queries.current_organisation(portal)
    browser.connect()

    assert before is None
    assert queries.current_organisation(portal) == browser.connection.organisation
