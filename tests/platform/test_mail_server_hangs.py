"""A mail server that takes connections and says nothing: nobody on a page waits for it."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.support import builders, web_process
from tests.support.web_process import HOST, Web


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Listen, take what comes, and never say a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server


@pytest.fixture
def web(transactional_db: None, silent_server: socket.socket) -> Iterator[Web]:
    """Run the web process of an installation whose mail server hangs."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "lrm.settings",
        "DEBUG": "True",
        "DATABASE_URL": web_process.database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "PUBLIC_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "127.0.0.1",
        "EMAIL_URL": f"smtp://127.0.0.1:{silent_server.getsockname()[1]}",
    }
    with web_process.started(environment) as running:
        yield running


def test_nobody_who_has_a_mail_sent_waits_for_the_server(
    web: Web, silent_server: socket.socket
) -> None:
    portal = builders.make_portal()
    admin = builders.make_user(portal, portal_admin=True)
    colleague = builders.make_user(portal)
    began = time.monotonic()

    answer = web.post(f"/settings/people/{colleague.pk}/password-link/", admin)

    taken = time.monotonic() - began
    assert answer.status == 302, answer.text
    assert taken < settings.EMAIL_TIMEOUT / 2
    # The mail is on its way all the same.
    silent_server.settimeout(settings.EMAIL_TIMEOUT)
    connection, _ = silent_server.accept()
    connection.close()
