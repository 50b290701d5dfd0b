"""A second connected app, made by docs/adding_an_app.md, as people and operators have it."""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import second_app
from tests.support.second_app import PAGE, SecondApp, card_of, sign_in

CONNECT, DISCONNECT = f"{PAGE}beacon/connect/", f"{PAGE}beacon/disconnect/"
ACTIVITY, XERO_ACTIVITY = f"{PAGE}beacon/activity/", f"{PAGE}xero/activity/"
KEY = "bk_a1b2c3d4e5f6g7h8i9j0wxyz"
OTHER_KEY = "bk_000000000000000000009999"
# For each test a portal with its people, and the admin of another.
TESTS = ("pasting", "rights", "rotation")
PEOPLE = f"""
from lrm.models import Portal, User
for test in {TESTS}:
    home, away = (Portal.objects.create(name=n, slug=f"{{n}}-{{test}}") for n in ("home", "away"))
    for name, portal, is_admin, role in (
        ("owner", home, True, "USER"),
        ("watcher", home, True, "NONE"),
        ("colleague", home, False, "USER"),
        ("stranger", away, True, "USER"),
    ):
        User.objects.create_user(
            f"{{name}}-{{test}}",
            password="{second_app.PASSWORD}",
            portal=portal,
            is_portal_admin=is_admin,
            lrm_role=role,
        )
"""
STORED = """
SELECT key_encrypted FROM beacon_beaconkey key JOIN lrm_portal portal ON portal.id = key.portal_id
 WHERE portal.slug = 'home-pasting'
"""


def made_up_key() -> str:
    """Return a key for TOKEN_ENCRYPTION_KEYS."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


OLD, NEW = made_up_key(), made_up_key()


@pytest.fixture(scope="module")
def installed() -> Iterator[SecondApp]:
    """Install the second app, with its people."""
    with second_app.installed() as second:
        second.run("shell", "-c", PEOPLE)
        yield second


@pytest.fixture(scope="module")
def address(installed: SecondApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run its web process, with the key that is replaced later."""
    log = tmp_path_factory.mktemp("second") / "log"
    with installed.web(log, TOKEN_ENCRYPTION_KEYS=OLD) as address:
        yield address


def test_key_is_pasted_shown_on_the_card_noted_replaced_and_forgotten(
    installed: SecondApp, address: str
) -> None:
    owner = sign_in(address, "owner-pasting")
    before = owner.get(PAGE).text
    assert "Not connected" in card_of(before, "beacon")
    assert "Connect to Xero" in card_of(before, "xero")

    wrong = owner.send(CONNECT, key="no key of Beacon")
    connected = owner.send(CONNECT, key=KEY)

    assert wrong.status_code == 422
    assert "bk_ and 24 letters" in wrong.text
    assert "Beacon is connected." in connected.text
    card = card_of(connected.text, "beacon")
    assert "Connected" in card
    assert "ends in <strong>wxyz</strong>" in card
    assert KEY not in connected.text
    assert card_of(connected.text, "xero") == card_of(before, "xero")
    ((stored,),) = installed.rows(STORED)
    assert KEY.encode() not in bytes(stored)

    replaced = owner.send(CONNECT, key=OTHER_KEY)
    assert "ends in <strong>9999</strong>" in replaced.text
    asked = owner.get(DISCONNECT)
    still = owner.get(PAGE)
    ended = owner.send(DISCONNECT)
    again = owner.send(DISCONNECT)

    assert "Disconnect Beacon?" in asked.text
    assert "ends in <strong>9999</strong>" in still.text
    assert "its key is forgotten" in ended.text
    assert "Disconnected here" in card_of(ended.text, "beacon")
    assert "nothing to disconnect" in again.text
    assert installed.rows(STORED) == []
    trail = owner.get(ACTIVITY).text
    ended_by = "owner-pasting disconnected Beacon."
    for words in ("Beacon activity", "Connected", "Key replaced", ended_by):
        assert words in trail
    for words in ("Xero announced", KEY, OTHER_KEY):
        assert words not in trail
    assert ended_by in owner.get(f"{PAGE}beacon/activity.csv").text
    assert "Beacon" not in _lines(owner.get(XERO_ACTIVITY).text)


def test_only_those_with_the_right_act_and_nothing_crosses_portals(address: str) -> None:
    owner, watcher, colleague, stranger = (
        sign_in(address, f"{name}-rights") for name in ("owner", "watcher", "colleague", "stranger")
    )
    owner.send(CONNECT, key=KEY)

    refused = [
        person.send(path, key=KEY).status_code
        for person in (watcher, colleague)
        for path in (CONNECT, DISCONNECT)
    ]
    stranger.send(DISCONNECT)

    assert refused == [403, 403, 403, 403]
    assert "Ask owner-rights" in card_of(watcher.get(PAGE).text, "beacon")
    assert 'href="/settings/connected-apps/beacon/connect/"' not in watcher.get(PAGE).text
    told = colleague.get(PAGE)
    assert told.status_code == 403
    assert "Beacon" in told.text
    assert "Only portal admins can change this." in told.text
    assert colleague.get(ACTIVITY).status_code == 403
    assert "Not connected" in card_of(stranger.get(PAGE).text, "beacon")
    assert "owner" not in _lines(stranger.get(ACTIVITY).text)
    assert owner.get(f"{PAGE}lamp/activity/").status_code == 404
    assert "ends in <strong>wxyz</strong>" in owner.get(PAGE).text


def test_key_is_readable_when_the_key_that_sealed_it_is_gone_after_rotation(
    installed: SecondApp, address: str, tmp_path: Path
) -> None:
    sign_in(address, "owner-rotation").send(CONNECT, key=KEY)

    rotated = installed.run("rotate_token_keys", TOKEN_ENCRYPTION_KEYS=f"{NEW},{OLD}")
    cannot = installed.attempt("rotate_token_keys", TOKEN_ENCRYPTION_KEYS=OLD)
    with installed.web(tmp_path / "log", TOKEN_ENCRYPTION_KEYS=NEW) as there:
        shown = sign_in(there, "owner-rotation").get(PAGE).text
    without = sign_in(address, "owner-rotation").get(PAGE)

    assert re.search(r"[1-9] Beacon keys", rotated)
    assert "ends in <strong>wxyz</strong>" in card_of(shown, "beacon")
    assert cannot.returncode == 1
    assert "Beacon keys cannot be decrypted" in cannot.stderr
    assert "The key cannot be read any more" in card_of(without.text, "beacon")


def test_checks_and_migrations_of_the_second_app_are_clean(installed: SecondApp) -> None:
    # It makes all start-up checks first.
    assert "No changes" in installed.run("makemigrations", "--check", "--dry-run")


def _lines(page: str) -> str:
    """Return what a page of activity lists, without its head."""
    return page[page.index('aria-label="Activity"') :]
