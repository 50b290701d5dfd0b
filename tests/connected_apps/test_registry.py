"""What the product does for any connected app that registers itself."""

import dataclasses
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from connected_apps import checks, queries, registry
from connected_apps.card import app_card
from connected_apps.lifecycle import housekeeping
from connected_apps.models import XERO, Connection, State
from connected_apps.states import states
from lrm import access, sealed_values
from lrm.models import Portal, User
from lrm.watching import checkups
from tests.support import builders

pytestmark = pytest.mark.django_db
PAGE = "/settings/connected-apps/"
LAMP = "lamp"


def _card(_request: access.SignedInRequest, _now: datetime) -> SafeString:
    return mark_safe('<article id="lamp-card">Shines</article>')


def _cannot(_request: access.SignedInRequest, _now: datetime) -> SafeString:
    raise ZeroDivisionError


class _Bulbs:
    """Some made-up secrets of the lamp, of which some cannot be read."""

    label = "bulbs"
    columns = ()

    def __init__(self, unreadable: int) -> None:
        self._unreadable = unreadable

    def seal_anew(self) -> int:
        if self._unreadable:
            raise sealed_values.CannotOpen
        return 3

    def count(self) -> tuple[int, int]:
        return 3, self._unreadable


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be Xero alone, and what a test registers, which goes with it."""
    monkeypatch.setattr(registry, "_apps", {XERO: registry._apps[XERO]})


@pytest.fixture
def lamp() -> registry.ConnectedApp:
    """Register a second app."""
    app = registry.ConnectedApp(name=LAMP, title="Lamp", mark="L", card=_card)
    registry.add(app)
    return app


@pytest.fixture
def admin(portal: Portal) -> User:
    """A portal admin who may act."""
    return builders.make_user(portal, portal_admin=True)


@pytest.fixture
def client(admin: User) -> Client:
    """The portal admin at the screen."""
    return builders.client_of(admin)


def connect(portal: Portal, by: User) -> Connection:
    """Connect the lamp."""
    now = timezone.now()
    row = states.connection_for(portal=portal, app=LAMP, now=now)
    return states.apply(
        connection_id=row.pk, trigger=states.Trigger.CONNECTED, by=by, why="Plugged in.", now=now
    )


def test_page_shows_every_card_in_order_and_only_those_whose_right_one_has(
    client: Client, lamp: registry.ConnectedApp
) -> None:
    both = client.get(PAGE).content.decode()
    registry.add(dataclasses.replace(lamp, right=lambda _user: False))
    one = client.get(PAGE).content.decode()
    trail = client.get(f"{PAGE}lamp/activity/")

    assert both.index('id="xero-card"') < both.index('id="lamp-card"')
    assert 'id="lamp-card"' not in one
    assert trail.status_code == 404


def test_card_that_cannot_be_drawn_keeps_no_other_from_being_shown(
    client: Client, lamp: registry.ConnectedApp, caplog: pytest.LogCaptureFixture
) -> None:
    registry.add(dataclasses.replace(lamp, card=_cannot))

    page = client.get(PAGE)

    assert page.status_code == 200
    assert 'id="xero-card"' in page.content.decode()
    assert "This card cannot be shown at the moment." in page.content.decode()
    assert "The card of lamp cannot be drawn" in caplog.text


def test_app_that_says_nothing_of_itself_stands_as_its_connection_does(
    portal: Portal, admin: User, lamp: registry.ConnectedApp
) -> None:
    staff = builders.client_of(builders.make_user(portal))
    before = staff.get(PAGE).content.decode()

    connect(portal, admin)
    after = staff.get(PAGE).content.decode()

    assert "Not connected" in before[before.index("lamp-name") :]
    assert "<span>Connected</span>" in after[after.index("lamp-name") :]


def test_states_and_triggers_are_told_with_the_title_of_the_app(
    client: Client, portal: Portal, admin: User, lamp: registry.ConnectedApp
) -> None:
    connect(portal, admin)
    row = Connection.objects.get(app=LAMP)
    now = timezone.now()
    for trigger in (states.Trigger.GRANT_DEAD, states.Trigger.CONNECT_STARTED):
        states.apply(connection_id=row.pk, trigger=trigger, by=admin, why="Burnt out.", now=now)

    trail = client.get(f"{PAGE}lamp/activity/").content.decode()
    lines = trail[trail.index('aria-label="Activity"') :]

    assert "Lamp no longer accepts our permission" in lines
    assert "Went to Lamp to connect" in lines
    assert "Xero" not in lines


def test_admins_are_told_what_needs_reconnecting_by_its_title(
    portal: Portal,
    admin: User,
    lamp: registry.ConnectedApp,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    row = connect(portal, admin)

    with django_capture_on_commit_callbacks(execute=True):
        states.apply(
            connection_id=row.pk,
            trigger=states.Trigger.GRANT_DEAD,
            by=None,
            why="Lamp refuses the key.",
            now=timezone.now(),
        )

    (letter,) = mail.outbox
    assert letter.subject == f"Action needed: reconnect Lamp for {portal.name}"
    assert "Lamp needs reconnecting. Lamp refuses the key." in letter.body
    assert "Xero" not in letter.body
    assert "ocuments" not in letter.body
    assert "Lamp needs reconnecting." in admin.notices.get().text


def test_attempt_that_nobody_ended_is_ended_with_the_title_of_the_app(
    portal: Portal, lamp: registry.ConnectedApp
) -> None:
    long_ago = timezone.now() - 2 * states.CONNECTING_LAPSES_AFTER
    row = states.connection_for(portal=portal, app=LAMP, now=long_ago)
    Connection.objects.filter(pk=row.pk).update(state=State.CONNECTING, state_since=long_ago)

    housekeeping.end_lapsed(now=timezone.now())

    (line,) = queries.audit_trail(portal=portal, app=LAMP)
    assert line.detail == "Nobody came back from Lamp within 15 minutes."


def test_activity_of_each_app_leads_to_that_of_the_others(
    client: Client,
) -> None:
    alone = client.get(f"{PAGE}xero/activity/").content.decode()
    registry.add(registry.ConnectedApp(name=LAMP, title="Lamp", mark="L", card=_card))
    of_xero = client.get(f"{PAGE}xero/activity/").content.decode()
    of_lamp = client.get(f"{PAGE}lamp/activity/").content.decode()

    assert 'href="/settings/connected-apps/lamp/activity/"' in of_xero
    assert 'href="/settings/connected-apps/xero/activity/"' in of_lamp
    assert 'href="/settings/connected-apps/lamp/activity.csv"' in of_lamp
    assert 'aria-label="Activity of"' not in alone


def test_context_of_a_card_names_an_app_that_did_not_register(
    portal: Portal, admin: User, rf: RequestFactory
) -> None:
    request: Any = rf.get(PAGE)
    request.user, request.portal = admin, portal

    with pytest.raises(LookupError, match=r"'lamp'.*ready"):
        app_card.context_of(LAMP, request, now=timezone.now())


def test_encrypted_column_that_no_app_names_stops_the_start() -> None:
    xero = registry.find(XERO)
    assert xero is not None
    assert checks.check_sealed_columns() == []

    registry.add(dataclasses.replace(xero, sealed=()))
    found = checks.check_sealed_columns()

    assert len(found) == 3
    assert "never be read again" in str(found[0].msg)
    assert "Grant.access_token_encrypted" in " ".join(str(one.msg) for one in found)


@pytest.mark.parametrize(
    ("unreadable", "said"), [(0, "3 bulbs can be"), (1, "1 of 3 bulbs cannot")]
)
def test_doctor_looks_at_what_each_app_keeps_encrypted(
    lamp: registry.ConnectedApp, unreadable: int, said: str
) -> None:
    registry.add(dataclasses.replace(lamp, sealed=(_Bulbs(unreadable),)))

    found = {finding.name: finding for finding in checks.token_keys()}

    assert said in found["token keys of Lamp"].words
    assert (found["token keys of Lamp"].level == checkups.Level.WRONG) is bool(unreadable)
    assert "0 grants" in found["token keys"].words


def test_rotation_reaches_all_that_it_can_when_something_is_lost(
    lamp: registry.ConnectedApp, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.add(dataclasses.replace(lamp, sealed=(_Bulbs(1),)))
    with pytest.raises(CommandError, match="Something in the bulbs cannot be decrypted"):
        call_command("rotate_token_keys")
    told = capsys.readouterr().out

    registry.add(dataclasses.replace(lamp, sealed=(_Bulbs(0),)))
    call_command("rotate_token_keys")

    ours = "0 second factors and 0 secrets of webhook endpoints are encrypted"
    assert f"0 grants, {ours}" in told
    assert f"0 grants, 3 bulbs, {ours}" in capsys.readouterr().out


def test_name_of_an_app_that_is_gone_stands_for_its_title() -> None:
    assert registry.title_of("gone") == "gone"
