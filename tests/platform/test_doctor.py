"""What `manage.py doctor` says of what an installation stands on."""

import re
import socketserver
import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps import checks
from lrm.models import Portal
from lrm.sign_in import second_factor
from lrm.watching.checkups import Level
from tests.support import builders, second_factors, valkey_flush
from tests.support.hooks import Desk
from tests.support.manage_process import run

NOWHERE = "127.0.0.1:9"
KEY_A = "bWFkZS11cC1rZXktQS1vZi0zMi1ieXRlcy1leGFjdGw="
KEY_B = "bWFkZS11cC1rZXktQi1vZi0zMi1ieXRlcy1leGFjdGw="
# As an installation has them: those of tests send no mail.
OWN_SETTINGS = {"DJANGO_SETTINGS_MODULE": "lrm.settings", "DEBUG": "True"}


class MailServer(socketserver.StreamRequestHandler):
    """A mail server as far as a greeting."""

    def handle(self) -> None:
        """Say yes to everything."""
        self.wfile.write(b"220 mail\r\n")
        while line := self.rfile.readline():
            is_last = line.upper().startswith(b"QUIT")
            self.wfile.write(b"221 bye\r\n" if is_last else b"250 fine\r\n")


@pytest.fixture
def mail_server() -> Iterator[str]:
    """Run a mail server and give its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def told_by_doctor(**changes: str) -> dict[str, tuple[str, str]]:
    """Run the doctor and return what it says: {name: (how it is, in words)}."""
    told = run("doctor", **changes)
    assert "made-up-secret" not in told.stdout + told.stderr
    lines = re.findall(r"^(\S+) +([a-z ]+?)  +(.+)$", told.stdout, re.M)
    assert told.returncode == any(how == "WRONG" for how, _, _ in lines), told.stderr
    return {name: (how, words) for how, name, words in lines}


def test_names_what_is_wrong_when_nothing_else_runs(transactional_db: None) -> None:
    builders.make_user(builders.make_portal(), portal_admin=True)
    # A ring of beat that another test let a worker take is remembered for a day.
    valkey_flush.forget_all()

    told = told_by_doctor()

    assert told["database"][0] == "ok"
    assert "PostgreSQL" in told["database"][1]
    assert told["migrations"] == ("ok", "all are in.")
    assert told["valkey"] == ("ok", "it answers.")
    assert told["beat"][0] == "WRONG"
    assert "start beat" in told["beat"][1]
    assert "--queues" in told["workers"][1]
    assert "can be read" in told["token keys"][1]


def test_shows_no_password_when_the_services_are_away(transactional_db: None) -> None:
    told = told_by_doctor(
        DATABASE_URL=f"postgresql://lrm:made-up-secret@{NOWHERE}/lrm",
        REDIS_URL=f"redis://:made-up-secret@{NOWHERE}/0",
        EMAIL_URL=f"smtp://lrm:made-up-secret@{NOWHERE}",
        **OWN_SETTINGS,
    )

    assert "see DATABASE_URL" in told["database"][1]
    assert "see REDIS_URL" in told["valkey"][1]
    assert told["mail"] == (
        "WRONG",
        f"{NOWHERE} takes no connection (ConnectionRefusedError): see EMAIL_URL.",
    )


def test_mail_and_xero_are_asked_whether_they_answer(
    transactional_db: None, simulator: str, mail_server: str
) -> None:
    address = f"smtp://{mail_server}"
    good = told_by_doctor(EMAIL_URL=address, XERO_IDENTITY_URL=simulator, **OWN_SETTINGS)
    bad = told_by_doctor(
        EMAIL_URL="consolemail://", XERO_IDENTITY_URL=f"http://{NOWHERE}", **OWN_SETTINGS
    )

    assert good["mail"] == ("ok", f"{mail_server} takes connections.")
    assert good["xero"] == ("ok", "its identity service answers.")
    assert "passkeys" not in good
    assert bad["mail"] == (
        "look",
        "mails go to no mail server (console), so nobody gets one: see EMAIL_URL.",
    )
    assert bad["xero"][0] == "WRONG"
    assert "XERO_IDENTITY_URL" in bad["xero"][1]


@pytest.mark.parametrize("host", ["10.0.0.5", "[2001:db8::5]"])
def test_address_that_passkeys_cannot_be_for_is_named(transactional_db: None, host: str) -> None:
    how, words = told_by_doctor(PUBLIC_URL=f"https://{host}")["passkeys"]

    assert how == "look"
    assert "IP address" in words


def keys_told() -> dict[str, Level]:
    """Return what is said of the secrets of the LRM itself, and how it is."""
    return {one.words: one.level for one in checks.token_keys() if one.name.endswith("LRM")}


@pytest.mark.django_db
def test_second_factors_and_webhook_secrets_whose_key_is_gone_are_named(
    portal: Portal, settings: Settings
) -> None:
    admin, other, waits = (builders.make_user(portal, portal_admin=True) for _ in range(3))
    settings.TOKEN_ENCRYPTION_KEYS = [KEY_A]
    second_factors.make_factor(admin)
    second_factor.begin(user=waits, now=timezone.now())
    Desk(portal, admin).make("https://hooks.example.com/")
    settings.TOKEN_ENCRYPTION_KEYS = [KEY_B, KEY_A]
    second_factors.make_factor(other)
    Desk(portal, admin).make("https://hooks.example.com/2", name="Other")
    both = keys_told()

    settings.TOKEN_ENCRYPTION_KEYS = [KEY_A]
    one_gone = keys_told()
    settings.TOKEN_ENCRYPTION_KEYS = [KEY_B]
    other_gone = keys_told()

    back = "cannot be read: put the key that was used back at the end of TOKEN_ENCRYPTION_KEYS."
    assert both == {
        "3 second factors can be read.": Level.OK,
        "2 secrets of webhook endpoints can be read.": Level.OK,
    }
    assert one_gone == {
        f"1 of 3 second factors {back}": Level.WRONG,
        f"1 of 2 secrets of webhook endpoints {back}": Level.WRONG,
    }
    assert other_gone == {
        f"2 of 3 second factors {back}": Level.WRONG,
        f"1 of 2 secrets of webhook endpoints {back}": Level.WRONG,
    }
