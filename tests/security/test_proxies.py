"""Proxies: nobody but those that are named is believed."""

import logging
from pathlib import Path

import pytest

from lrm.models import Portal
from tests.support import builders, web_process
from tests.support.web_process import TRUSTED, Web


def test_https_is_not_believed_when_no_named_proxy_says_so(
    transactional_db: None, tmp_path: Path
) -> None:
    with web_process.running(
        DATABASE_URL=web_process.database_url(), TRUSTED_PROXIES="192.0.2.1"
    ) as web:
        page = web.get("/sign-in/")
        webhook = web.send("POST", "/webhooks/xero/", b"{}", TRUSTED)

    assert page.status == 301
    assert webhook.status == 403


@pytest.mark.parametrize(
    ("told", "logged"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 127.0.0.5", "203.0.113.9"),
        ("made up", "127.0.0.1"),
        ("203.0.113.9, made up", "127.0.0.1"),
    ],
)
def test_address_is_the_last_that_a_named_proxy_tells_when_somebody_adds_their_own(
    web: Web, web_log: Path, portal: Portal, told: str, logged: str
) -> None:
    user = builders.make_user(portal)
    body = f"username={user.username}&password=wrong"
    before = web_log.stat().st_size

    web.send(
        "POST",
        "/sign-in/",
        body,
        {
            **web_process.signed_in(None),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": told,
        },
    )

    lines = web_log.read_bytes()[before:].decode()
    assert f"user {user.pk} from {logged} [" in lines
    assert user.username not in lines
    assert logging.getLevelName(logging.WARNING) in lines
