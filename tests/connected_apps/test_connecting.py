"""Connecting to Xero, and every way in which it comes to nothing."""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps import queries, signals
from connected_apps.lifecycle import housekeeping
from connected_apps.models import AuditEvent, Connection, Grant, Organisation, PendingConsent, State
from lrm import sealed_values
from lrm.models import LrmRole, Portal
from tests.support import builders, xero
from tests.support.simulator_client import SimulatorClient
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

    assert str(_organisation(browser).tenant_id) == user["tenant_ids"][0]


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


def test_several_organisations_lead_to_a_chooser_with_names(browser: Browser) -> None:
    first = browser.connect(bulk=[0, 1])
    page = browser.get(xero.CHOOSE).content.decode()
    second = browser.world.tenant(1)

    answer = browser.post(xero.CHOOSE, organisation=second["tenant_id"])

    assert first["Location"] == xero.CHOOSE
    assert browser.world.tenant(0)["name"] in page
    assert second["name"] in page
    assert answer["Location"] == xero.PAGE
    assert _organisation(browser).name == second["name"]
    assert not PendingConsent.objects.exists()


def test_chooser_refuses_what_was_not_offered(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    answer = browser.post(xero.CHOOSE, organisation=str(uuid.uuid4()))

    assert answer.status_code == 422
    assert b"Choose an organisation." in answer.content
    assert browser.connection.organisation is None


def test_chooser_is_closed_to_another_session(
    browser: Browser, django_capture_on_commit_callbacks: object
) -> None:
    browser.connect(bulk=[0, 1])
    again = Browser(browser.world, browser.user, django_capture_on_commit_callbacks)

    answer = again.get(xero.CHOOSE)

    assert answer["Location"] == xero.PAGE
    assert "There is no open choice" in again.told(answer)


def test_cancelled_choice_leaves_nothing_here_and_nothing_new_in_xero(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    browser.post(xero.CHOOSE, cancel="yes")
    from connected_apps.lifecycle import removals

    removals.finish_due(now=timezone.now() + timedelta(seconds=1))

    assert browser.connection.state == State.NOT_CONNECTED
    assert browser.world.connections() == []
    assert not Grant.objects.exists()


def test_choice_nobody_made_lapses(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    housekeeping.end_lapsed(now=timezone.now() + timedelta(minutes=16))

    assert browser.connection.state == State.NOT_CONNECTED
    assert not PendingConsent.objects.exists()


def test_earlier_grants_of_the_same_user_are_not_offered(browser: Browser) -> None:
    browser.connect(tenant=0)
    _disconnect_here_only(browser)

    answer = browser.connect(tenant=1)

    # Both are listed by Xero; only the one just chosen is asked about.
    page = browser.get(answer["Location"]).content.decode()
    assert f"Connect {browser.world.tenant(1)['name']}?" in page


def test_another_organisation_needs_a_confirmation_that_names_both(browser: Browser) -> None:
    browser.connect(tenant=0)
    old = _organisation(browser)

    answer = browser.connect(tenant=1)
    page = browser.get(answer["Location"]).content.decode()
    still = _organisation(browser)
    browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"], confirmed="yes")

    assert old.name in page
    assert browser.world.tenant(1)["name"] in page
    assert still == old
    assert _organisation(browser).name == browser.world.tenant(1)["name"]
    assert Organisation.objects.filter(portal=browser.user.portal).count() == 2


def test_unconfirmed_answer_connects_nothing(browser: Browser) -> None:
    browser.connect(tenant=0)
    browser.connect(tenant=1)

    answer = browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"])

    assert answer["Location"].startswith(f"{xero.CHOOSE}?organisation=")
    assert _organisation(browser).name == browser.world.tenant(0)["name"]


def test_switching_removes_the_old_organisation_in_xero(browser: Browser) -> None:
    from connected_apps.lifecycle import removals

    browser.connect(tenant=0)
    browser.connect(tenant=1)
    browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"], confirmed="yes")

    removals.finish_due(now=timezone.now() + timedelta(seconds=1))

    left = [line["tenantId"] for line in browser.world.connections()]
    assert left == [browser.world.tenant(1)["tenant_id"]]
    assert browser.connection.state == State.CONNECTED


def test_organisation_of_another_portal_needs_a_confirmation(
    browser: Browser, django_capture_on_commit_callbacks: object
) -> None:
    browser.connect()
    elsewhere = builders.make_user(builders.make_portal("Other Training"), portal_admin=True)
    Portal.objects.filter(name="Wattle Creek Training").update(name="Quiet Portal")
    other = Browser(browser.world, elsewhere, django_capture_on_commit_callbacks)

    answer = other.connect()
    page = other.get(answer["Location"]).content.decode()

    assert answer["Location"] == xero.CHOOSE
    assert "already connected to another portal" in page
    assert "Quiet Portal" not in page
    assert other.connection.organisation is None


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


def test_token_without_event_id_offers_everything_and_lets_the_person_decide(
    browser: Browser,
) -> None:
    from connected_apps.lifecycle import consents
    from connected_apps.oauth import identity

    line = identity.TenantConnection(
        uuid.uuid4(), uuid.uuid4(), "Demo RTO", "event-1", "2026-01-01T00:00:00.0000000", ""
    )
    earlier = identity.TenantConnection(uuid.uuid4(), uuid.uuid4(), "Old RTO", "event-0", "", "")
    pair = identity.TokenPair("a", "r", 1800, "", "", "", authentication_event_id="")

    offers = consents.offers_of(pair, [line, earlier])

    assert [offer.name for offer in offers] == ["Demo RTO", "Old RTO"]
    assert not any(offer.brand_new for offer in offers)


def test_current_organisation_is_the_one_connected_last(browser: Browser, portal: Portal) -> None:
    before = queries.current_organisation(portal)
    browser.connect()

    assert before is None
    assert queries.current_organisation(portal) == browser.connection.organisation


def _organisation(browser: Browser) -> Organisation:
    organisation = browser.connection.organisation
    assert organisation is not None
    return organisation


def _disconnect_here_only(browser: Browser) -> None:
    Connection.objects.update(state=State.DISCONNECTED_HERE, grant=None)
