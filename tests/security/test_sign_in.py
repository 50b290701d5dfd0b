"""Signing in: many tries at one account, one try at many, and what is kept of them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from lrm.models import LrmRole, Notice, Portal, SignInCount, User
from lrm.sign_in import attempt_limits
from tests.support import builders, web_process
from tests.support.web_process import Answer, Web


def attempt(web: Web, username: str, password: str, *, address: str) -> Answer:
    """Press the button from an address."""
    return web.send(
        "POST",
        "/sign-in/",
        f"username={username}&password={password}",
        {
            **web_process.signed_in(None),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": address,
        },
    )


def test_account_is_closed_to_an_address_when_it_guesses(
    web: Web, portal: Portal, web_log: Path
) -> None:
    user = builders.make_user(portal)
    most = attempt_limits.BOTH.attempts
    before = web_log.stat().st_size

    wrong = [attempt(web, user.username, f"wrong{n}", address="203.0.113.1") for n in range(most)]
    right_but_late = attempt(web, user.username, builders.PASSWORD, address="203.0.113.1")
    elsewhere = attempt(web, user.username, builders.PASSWORD, address="203.0.113.2")

    assert {answer.status for answer in wrong} == {200}
    assert right_but_late.status == 429
    assert "Wait 15 minutes" in right_but_late.text
    assert 0 < int(right_but_late.headers["Retry-After"]) <= 900
    assert elsewhere.status == 302
    assert Notice.objects.filter(user=user, text__contains="locked out").count() == 1
    lines = web_log.read_bytes()[before:].decode()
    assert lines.count(f"Sign-in failed for user {user.pk} from 203.0.113.1") == most
    assert f"Sign-in refused unseen for user {user.pk} from 203.0.113.1" in lines
    assert f"User {user.pk} signed in from 203.0.113.2" in lines


def padded(name: str, n: int) -> str:
    """Write a name with so many spaces before it."""
    return " " * n + name


def tabbed(name: str, n: int) -> str:
    """Write a name with so many tabs behind it."""
    return name + "\t" * n


def widened(name: str, n: int) -> str:
    """Write some letters of a name in their full width, other ones for each number."""
    return "".join(
        chr(ord(letter) + 0xFEE0) if n >> place & 1 else letter for place, letter in enumerate(name)
    )


@pytest.mark.parametrize("spelt", [padded, tabbed, widened])
def test_account_is_closed_when_its_name_is_spelt_otherwise_each_time(
    web: Web, portal: Portal, web_log: Path, spelt: Callable[[str, int], str]
) -> None:
    user = builders.make_user(portal)
    most = attempt_limits.BOTH.attempts
    names = [quote(spelt(user.username, n)) for n in range(most)]
    before = web_log.stat().st_size

    wrong = [attempt(web, name, "wrong", address="203.0.113.7") for name in names]
    late = attempt(web, user.username, builders.PASSWORD, address="203.0.113.7")

    assert len(set(names)) == most
    assert ({answer.status for answer in wrong}, late.status) == ({200}, 429)
    assert Notice.objects.filter(user=user, text__contains="locked out").count() == 1
    lines = web_log.read_bytes()[before:].decode()
    assert lines.count(f"Sign-in failed for user {user.pk} from 203.0.113.7") == most
    assert "nobody we know" not in lines


def test_account_is_closed_to_everybody_when_its_name_is_padded_from_many_addresses(
    web: Web, portal: Portal
) -> None:
    user = builders.make_user(portal)
    most = attempt_limits.ACCOUNT.attempts

    for n in range(most):
        name = quote(padded(user.username, n))
        assert attempt(web, name, "wrong", address=f"198.51.100.{n}").status == 200
    late = attempt(web, user.username, builders.PASSWORD, address=f"198.51.100.{most}")

    assert late.status == 429


def test_attempts_are_given_back_when_the_name_of_the_right_password_was_padded(
    web: Web, portal: Portal
) -> None:
    user = builders.make_user(portal)
    padded_name = quote(padded(user.username, 1))
    for _ in range(2):
        for _ in range(attempt_limits.BOTH.attempts - 1):
            wrong = attempt(web, user.username, "wrong", address="203.0.113.8")
            assert wrong.status == 200
        right = attempt(web, padded_name, builders.PASSWORD, address="203.0.113.8")
        assert right.status == 302


def test_address_is_closed_when_it_tries_one_password_on_many_accounts(
    web: Web, portal: Portal
) -> None:
    most = attempt_limits.ADDRESS.attempts
    user = builders.make_user(portal)

    for n in range(most):
        assert attempt(web, f"somebody{n}", "Spring2026", address="203.0.113.3").status == 200
    late = attempt(web, user.username, builders.PASSWORD, address="203.0.113.3")

    assert late.status == 429
    assert Notice.objects.count() == 0


def test_account_is_closed_to_a_whole_network_when_it_is_of_ipv6(web: Web, portal: Portal) -> None:
    user = builders.make_user(portal)
    for n in range(attempt_limits.BOTH.attempts):
        attempt(web, user.username, "wrong", address=f"2001:db8:1:2::{n:x}")

    neighbour = attempt(web, user.username, "wrong", address="2001:db8:1:2:ffff::1")
    stranger = attempt(web, user.username, "wrong", address="2001:db8:1:3::1")

    assert (neighbour.status, stranger.status) == (429, 200)


def test_account_is_open_again_when_its_person_signed_in_meanwhile(
    web: Web, portal: Portal
) -> None:
    user = builders.make_user(portal)
    for _ in range(2):
        for n in range(attempt_limits.BOTH.attempts - 1):
            attempt(web, user.username, f"wrong{n}", address="203.0.113.4")
        assert attempt(web, user.username, builders.PASSWORD, address="203.0.113.4").status == 302


def test_nothing_that_was_typed_is_kept_or_logged_when_an_attempt_fails(
    web: Web, portal: Portal, web_log: Path
) -> None:
    attempt(web, "robin.made-up", "hunter2-typed", address="203.0.113.5")

    assert not SignInCount.objects.filter(key__contains="robin").exists()
    assert not SignInCount.objects.filter(key__contains="203.0.113.5").exists()
    log = web_log.read_text()
    assert "robin.made-up" not in log
    assert "hunter2-typed" not in log


@pytest.mark.parametrize("username", ["", "a%00b", "%FF", "x" * 5_000])
def test_attempt_fails_like_any_other_when_the_name_is_odd(
    web: Web, portal: Portal, username: str
) -> None:
    assert attempt(web, username, "x", address="203.0.113.6").status == 200


def test_address_of_a_callback_keeps_no_code_when_its_person_must_sign_in(
    web: Web, portal: Portal
) -> None:
    answer = web.get("/settings/connected-apps/xero/callback/?code=made-up-code&state=made-up")

    assert answer.status == 302
    assert "made-up" not in answer.headers["Location"]
    assert "next=/settings/connected-apps/" in answer.headers["Location"]


def test_person_without_rights_reads_no_addresses_of_colleagues(web: Web, portal: Portal) -> None:
    nobody: User = builders.make_user(portal, role=LrmRole.NONE)
    colleague = builders.make_user(portal, portal_admin=True)

    pages = [
        web.get(path, nobody).text.replace("<wbr>", "")
        for path in ("/settings/people/", "/learners/", "/")
    ]

    assert not any(colleague.email in page for page in pages)
    seen = web.get("/settings/people/", colleague).text.replace("<wbr>", "")
    assert colleague.email in seen
