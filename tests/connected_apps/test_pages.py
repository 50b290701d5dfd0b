"""Every page times every role, and what the pages say."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps import audit, checks
from connected_apps.card import facts, wording
from connected_apps.models import XERO, AuditEvent, Connection, Grant, State
from lrm.models import LrmRole, Portal, User
from tests.support import builders, first_syncs, xero
from tests.support.connections import make_connection
from tests.support.xero import Browser
from xero_sync.models import RunState

ACTIVITY = "/settings/connected-apps/xero/activity/"
CSV = "/settings/connected-apps/xero/activity.csv"
CARD = "/settings/connected-apps/xero/card/"

NO = LrmRole.NONE
ROLES: dict[str, dict[str, Any]] = {
    "admin with LRM role": {"portal_admin": True, "role": LrmRole.USER},
    "admin who is LRM admin": {"portal_admin": True, "role": LrmRole.ADMIN},
    "admin without LRM role": {"portal_admin": True, "role": NO},
    "LRM admin": {"role": LrmRole.ADMIN},
    "LRM user": {"role": LrmRole.USER},
    "accounts": {"role": LrmRole.USER, "accounts": True},
    "no role": {"role": NO},
}
ACTS = {"admin with LRM role", "admin who is LRM admin"}
SEES = ACTS | {"admin without LRM role"}
READING = [xero.PAGE, CARD, ACTIVITY, CSV]
ACTING = [
    ("POST", xero.CONNECT),
    ("POST", xero.CHECK),
    ("GET", xero.CALLBACK),
    ("GET", xero.CHOOSE),
    ("POST", xero.CHOOSE),
    ("GET", xero.DISCONNECT),
    ("POST", xero.DISCONNECT),
]


def call(user: User | None, method: str, address: str) -> Any:
    """Call an address as somebody."""
    client = builders.client_of(user)
    return client.get(address) if method == "GET" else client.post(address)


@pytest.mark.parametrize("address", READING)
@pytest.mark.parametrize("role", list(ROLES))
def test_reading_needs_a_portal_admin(portal: Portal, role: str, address: str) -> None:
    user = builders.make_user(portal, **ROLES[role])

    answer = call(user, "GET", address)

    assert answer.status_code == (200 if role in SEES else 403)
    if role not in SEES:
        assert "portal admins" in answer.content.decode()


@pytest.mark.parametrize(("method", "address"), ACTING)
@pytest.mark.parametrize("role", list(ROLES))
def test_acting_needs_both_properties(portal: Portal, role: str, method: str, address: str) -> None:
    make_connection(portal, State.DISCONNECTED_IN_XERO)
    user = builders.make_user(portal, **ROLES[role])
    colleague = builders.make_user(portal, portal_admin=True, first_name="Quinn", last_name="Marsh")

    answer = call(user, method, address)

    assert answer.status_code == (302 if role in ACTS else 403)
    if role not in ACTS:
        assert str(colleague) in answer.content.decode()
        assert Connection.objects.get().state == State.DISCONNECTED_IN_XERO


@pytest.mark.parametrize(("method", "address"), [*(("GET", each) for each in READING), *ACTING])
def test_anonymous_people_are_sent_to_sign_in(portal: Portal, method: str, address: str) -> None:
    answer = call(None, method, address)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", READING)
def test_another_portals_admin_sees_nothing_of_this_one(portal: Portal, address: str) -> None:
    make_connection(portal, State.CONNECTED)
    audit.record(
        portal=portal, app=XERO, action="X", by=None, now=timezone.now(), detail="Secret doings"
    )
    stranger = builders.make_user(builders.make_portal("Elsewhere"), portal_admin=True)

    answer = call(stranger, "GET", address)

    text = _text(answer)
    assert "Demo RTO" not in text
    assert "Secret doings" not in text


def test_another_portals_admin_disconnects_only_their_own(portal: Portal) -> None:
    connection = make_connection(portal, State.CONNECTED)
    stranger = builders.make_user(builders.make_portal("Elsewhere"), portal_admin=True)

    call(stranger, "POST", xero.DISCONNECT)

    connection.refresh_from_db()
    assert connection.state == State.CONNECTED


@pytest.mark.parametrize("address", [xero.CONNECT, xero.DISCONNECT, xero.CHOOSE])
def test_forms_need_their_token(portal: Portal, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(builders.make_user(portal, portal_admin=True))

    assert client.post(address).status_code == 403


@pytest.mark.parametrize("address", [xero.CONNECT, ACTIVITY])
def test_wrong_method_is_refused(portal: Portal, address: str) -> None:
    client = builders.client_of(builders.make_user(portal, portal_admin=True))
    wrong = client.get if address == xero.CONNECT else client.post

    assert wrong(address).status_code == 405


STATES = {
    State.NOT_CONNECTED: ("Not connected", "Connect to Xero to see learners", "Connect to Xero"),
    State.CONNECTING: ("Connecting", "Finish in Xero", "Connect to Xero"),
    State.CONNECTED: ("Needs a look", "are being read", "Check learners against Xero"),
    State.CONNECTED_WITH_PROBLEMS: ("4 could not be saved", "See them", "Check learners"),
    State.PAUSED: ("Paused until", "calls to Xero are used up", "Check learners against Xero"),
    State.NEEDS_RECONNECTING: ("Needs reconnecting", "allow access again", "Reconnect to Xero"),
    State.DISCONNECTED_IN_XERO: ("Disconnected in Xero", "Nothing is lost", "Reconnect to Xero"),
    State.DISCONNECTED_HERE: ("Disconnected here", "What was synced is kept", "Connect to Xero"),
}


@pytest.mark.parametrize("state", list(State))
def test_page_says_state_and_next_step_and_offers_one_button(portal: Portal, state: State) -> None:
    user = builders.make_user(portal, portal_admin=True)
    connection = make_connection(
        portal,
        state,
        state_since=timezone.now(),
        paused_until=timezone.now() + timedelta(hours=1) if state == State.PAUSED else None,
    )
    first_syncs.make_first(connection, RunState.DONE, read=864)
    if state == State.CONNECTED_WITH_PROBLEMS:
        first_syncs.quarantine(connection, 4)
    word, step, button = STATES[state]

    page = call(user, "GET", xero.PAGE).content.decode()

    card = page[page.index('<article class="card xero-card') : page.index("</article>")]
    assert word in card
    assert step in page
    assert card.count("btn-primary") == 1
    assert button in card
    broken = state in (State.NEEDS_RECONNECTING, State.DISCONNECTED_IN_XERO)
    assert ("xero-broken" in card) == broken


@pytest.mark.parametrize(
    ("state", "shows"),
    [
        (State.NEEDS_RECONNECTING, True),
        (State.DISCONNECTED_IN_XERO, True),
        (State.CONNECTED, False),
    ],
)
@pytest.mark.parametrize("role", ["admin without LRM role", "LRM user"])
def test_banner_is_for_portal_admins_of_a_broken_connection(
    portal: Portal, state: State, shows: bool, role: str
) -> None:
    make_connection(portal, state)
    user = builders.make_user(portal, **ROLES[role])

    page = call(user, "GET", "/").content.decode()

    assert ("are missing here until" in page) == (shows and role in SEES)


@pytest.mark.parametrize("role", sorted(SEES))
def test_banner_reconnects_at_once_whoever_may_connect(portal: Portal, role: str) -> None:
    make_connection(portal, State.DISCONNECTED_IN_XERO)
    user = builders.make_user(portal, **ROLES[role])

    banner = call(user, "GET", "/notices/").content.decode().split('class="banners"')[1]
    banner = banner.split("<main")[0]

    assert (f'method="post" action="{xero.CONNECT}"' in banner) == (role in ACTS)
    assert ("See who can reconnect it" in banner) == (role not in ACTS)


def test_admin_without_lrm_role_gets_no_buttons_but_names(portal: Portal) -> None:
    make_connection(portal, State.CONNECTED)
    colleague = builders.make_user(portal, portal_admin=True, first_name="Quinn", last_name="Marsh")
    user = builders.make_user(portal, portal_admin=True, role=NO)

    page = call(user, "GET", xero.PAGE).content.decode()

    assert xero.CONNECT not in page
    assert "Disconnect from Xero" not in page
    assert str(colleague) in page


def test_page_says_what_is_read_and_written_before_connecting(portal: Portal) -> None:
    page = call(builders.make_user(portal, portal_admin=True), "GET", xero.PAGE).content.decode()

    assert "What is read from Xero" in page
    assert "What is written to Xero" in page
    assert "Read invoices and credit notes" in page
    assert "Connect to Xero" in page


def test_missing_scope_offers_to_reconnect_for_it(browser: Browser) -> None:
    browser.connect()
    Grant.objects.update(scopes="openid offline_access accounting.invoices.read")

    page = browser.get(xero.PAGE).content.decode()

    assert "Reconnect to grant new permission" in page
    assert "Read payments, overpayments and prepayments" in page
    assert "Needs a permission" in page


def test_facts_and_panels_of_other_apps_show_on_the_card(browser: Browser) -> None:
    browser.connect()

    def give(connection: Connection, now: Any) -> list[facts.Fact]:
        return [facts.Fact("Calls left today", "4,321")]

    facts.register_facts(give)
    try:
        page = browser.get(xero.PAGE).content.decode()
        part = browser.get(CARD).content.decode()
    finally:
        facts._givers.remove(give)

    assert "4,321" in page
    assert "4,321" in part
    assert "Allowed in Xero by" in part


def test_open_page_is_answered_only_what_it_lacks(browser: Browser) -> None:
    browser.connect()
    headers = {"HX-Request": "true"}
    page = browser.get(xero.PAGE)
    shows = {"seen": page.context["card"].mark, "shown": page.context["digest"]}

    same = browser.client.get(CARD, shows, headers=headers)
    figures = browser.client.get(CARD, {**shows, "shown": "older"}, headers=headers)
    moved = browser.client.get(CARD, {**shows, "seen": "CONNECTING-0-0-0-"}, headers=headers)

    assert same.status_code == 204
    assert "HX-Retarget" not in figures
    assert 'id="xero-live"' in figures.content.decode()
    assert 'id="xero-connect"' not in figures.content.decode()
    assert (moved["HX-Retarget"], moved["HX-Reswap"]) == ("#xero-card", "outerHTML")
    text = moved.content.decode()
    assert 'id="xero-card"' in text
    assert '<div id="xero-said" hx-swap-oob="innerHTML">Xero: First sync.' in text


def test_activity_shows_and_narrows_what_happened(browser: Browser) -> None:
    browser.connect()
    browser.get(xero.CALLBACK, state="forged")

    everything = browser.get(ACTIVITY).content.decode()
    problems = browser.get(ACTIVITY, problems="yes").content.decode()
    by_act = browser.get(ACTIVITY, action="CONNECTED").content.decode()

    assert "Went to Xero to connect" in everything
    assert "Morgan Hale connected" in everything
    assert "Morgan Hale connected" not in problems
    assert "has expired or was finished in another tab" in problems
    assert "has expired or was finished in another tab" not in by_act
    assert "Morgan Hale connected" in by_act


@pytest.mark.parametrize(
    "query",
    [{"days": "x"}, {"days": "-1"}, {"page": "99"}, {"action": "'"}, {"action": "\x00"}],
)
def test_activity_takes_any_query(browser: Browser, query: dict[str, str]) -> None:
    assert browser.get(ACTIVITY, **query).status_code == 200


def test_activity_as_csv_has_every_line_and_no_formula(portal: Portal, browser: Browser) -> None:
    audit.record(portal=portal, app=XERO, action="TEST", by=None, now=timezone.now(), detail="=1+1")

    rows = list(csv.reader(io.StringIO(_text(browser.get(CSV)))))

    assert rows[0][:3] == ["When", "Who", "Event"]
    assert rows[1][6] == "'=1+1"
    assert len(rows) == 1 + AuditEvent.objects.count()


def test_activity_asks_the_same_number_of_questions_however_long(
    portal: Portal, browser: Browser, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        audit.record(
            portal=portal, app=XERO, action=f"A{number}", by=browser.user, now=timezone.now()
        )

    with django_assert_max_num_queries(12):
        browser.client.get(ACTIVITY)


def test_status_command_says_state_and_keeps_secrets(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.connect()
    assert browser.user.portal is not None

    call_command("xero_status", browser.user.portal.slug)

    printed = capsys.readouterr().out
    assert f"{browser.user.portal.slug}: Connected to {browser.connection.organisation}" in printed
    assert "tokens refreshed 0 times" in printed
    assert "eyJ" not in printed


def test_status_command_names_an_unknown_portal(db: None) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("xero_status", "nowhere")


@pytest.mark.parametrize(
    ("scopes", "found"),
    [
        (["offline_access", "accounting.invoices.read"], []),
        (["accounting.invoices.read"], ["connected_apps.E001"]),
        (["offline_access", "accounting.transactions"], ["connected_apps.W001"]),
    ],
)
def test_scopes_are_checked_at_the_start(
    settings: Settings, scopes: list[str], found: list[str]
) -> None:
    settings.XERO_SCOPES = scopes

    assert [message.id for message in checks.check_scopes()] == found


def test_unusable_key_is_found_at_the_start(settings: Settings) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = ["too-short"]

    assert [message.id for message in checks.check_keys()] == ["connected_apps.E002"]


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("accounting.invoices.read accounting.contacts", []),
        ("accounting.invoices accounting.contacts", []),
        ("accounting.invoices.read accounting.contacts.read", ["accounting.contacts"]),
        ("", ["accounting.invoices.read", "accounting.contacts"]),
    ],
)
def test_writing_permission_includes_reading(granted: str, missing: list[str]) -> None:
    needed = ["openid", "accounting.invoices.read", "accounting.contacts"]

    assert wording.missing_scopes(granted=granted, needed=needed) == missing


def _text(answer: Any) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode()
    return str(answer.content.decode())
