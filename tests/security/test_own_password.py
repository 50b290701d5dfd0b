"""Changing one's own password: whoever finds a session open must not find the password, too."""

import logging
from typing import Any

import pytest
from django.test import Client

from lrm.models import Notice, User
from lrm.sign_in import attempt_limits
from tests.support import builders, second_factors
from tests.support.second_factors import sure

pytestmark = pytest.mark.django_db
PAGE = "/account/password/"
NEW = "a-quite-new-password-7"
MOST = attempt_limits.OWN_PASSWORD.both.attempts


def change(client: Client, old: str, new: str = NEW) -> Any:
    """Fill in the form; the new password as often as it asks for it."""
    return client.post(PAGE, {"old_password": old, "new_password1": new, "new_password2": new})


@pytest.mark.parametrize("new", ["", NEW])
def test_password_is_guessed_no_further_where_a_session_was_found_open(
    user: User, caplog: pytest.LogCaptureFixture, new: str
) -> None:
    client = builders.client_of(user)

    tried = [change(client, f"wrong{n}", new) for n in range(MOST)]
    late = change(client, builders.PASSWORD, new)

    assert [answer.status_code for answer in tried] == [422] * MOST
    assert late.status_code == 429
    assert 0 < int(late["Retry-After"]) <= 900
    page = late.content.decode()
    assert "<title>Error: " in page
    assert "The old password was wrong too often. Wait 15 minutes" in page
    assert builders.PASSWORD not in page
    user.refresh_from_db()
    assert user.check_password(builders.PASSWORD)
    assert Notice.objects.filter(user=user, text__contains="tried many passwords").count() == 1
    log = caplog.text
    assert log.count(f"Password not changed for user {user.pk} from 127.0.0.1") == MOST
    assert f"Change of password refused unseen for user {user.pk} from 127.0.0.1" in log
    assert "wrong0" not in log


def test_late_answer_does_not_say_whether_the_old_password_was_right(user: User) -> None:
    client = builders.client_of(user)
    for _ in range(MOST):
        change(client, "wrong")

    late = [change(client, old, "").content.decode() for old in ("wrong", builders.PASSWORD)]

    assert all("entered incorrectly" not in page for page in late)
    assert all("This field is required" not in page for page in late)


def test_attempts_are_given_back_when_the_old_password_was_right(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = builders.client_of(user)

    for new in ("12345678", NEW):
        for _ in range(MOST - 1):
            assert change(client, "wrong").status_code == 422
        right = change(client, builders.PASSWORD, new)
        assert right.status_code == (302 if new == NEW else 422)

    assert f"User {user.pk} changed their password from 127.0.0.1" in caplog.text
    assert Notice.objects.filter(user=user).count() == 0


def test_right_password_gives_no_tries_of_codes_back(user: User) -> None:
    second_factors.make_factor(user)
    client = builders.client_of(user)
    most = attempt_limits.CODE.both.attempts

    def guess_code(password: str) -> int:
        wrong = sure(user, password=password, code="no")
        return client.post("/account/second-factor/off/", wrong).status_code

    before = [guess_code(builders.PASSWORD) for _ in range(most - 1)]
    changed = change(client, builders.PASSWORD)
    after = [guess_code(NEW) for _ in range(2)]

    assert (before, changed.status_code) == ([422] * (most - 1), 302)
    assert after == [422, 429]
