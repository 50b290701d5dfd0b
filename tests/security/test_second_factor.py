"""The second factor: how it is set up and asked for, what it keeps out and what it never keeps."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.test import Client
from django.utils import timezone

from lrm.models import Notice, Portal, PortalChange, RecoveryCode, SecondFactor, User
from lrm.people import password_links
from lrm.sign_in import attempt_limits, one_time_codes, second_step
from tests.support import builders, second_factors
from tests.support.second_factors import enter_password, is_signed_in, sure

pytestmark = pytest.mark.django_db
PAGE = "/account/second-factor/"
CODE = "/sign-in/code/"


def wrong_code(user: User) -> str:
    """Return six digits that are none of the codes of now."""
    app, now = second_factors.app_of(user), datetime.now(tz=UTC)
    right = {app.at(now + timedelta(seconds=30 * step)) for step in range(-2, 3)}
    return next(one for one in (f"{n:06}" for n in range(10)) if one not in right)


def test_person_sets_it_up_and_signs_in_with_password_and_code(
    user: User, committed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client, elsewhere = builders.client_of(user), builders.client_of(user)
    client.post(f"{PAGE}begin/")
    page = client.get(PAGE).content.decode()
    app = pyotp.TOTP(second_factors.key_on(page))
    assert "<svg" in page
    assert "style=" not in page

    with committed():
        answer = client.post(f"{PAGE}confirm/", {"password": builders.PASSWORD, "code": app.now()})

    codes = second_factors.recovery_codes_on(answer.content.decode())
    assert len(codes) == one_time_codes.CODES
    assert codes[0] not in client.get(PAGE).content.decode()
    assert not is_signed_in(elsewhere)
    assert is_signed_in(client)
    assert [message.subject for message in mail.outbox] == ["A second factor was set up"]
    assert list(PortalChange.objects.values_list("act", flat=True)) == ["FACTOR_ON"]

    newcomer = enter_password(user)
    assert not is_signed_in(newcomer)
    # The code that confirmed it is spent, so the app's clock goes on to the next.
    late = newcomer.post(CODE, {"code": app.now()})
    answer = newcomer.post(CODE, {"code": app.at(datetime.now(tz=UTC) + timedelta(seconds=30))})

    assert (late.status_code, answer.status_code) == (422, 302)
    assert is_signed_in(newcomer)
    assert f"User {user.pk} signed in from {second_factors.ADDRESS} with a code" in caplog.text
    assert f"Second factor failed for user {user.pk} from" in caplog.text
    assert app.secret not in caplog.text
    assert codes[0].replace(" ", "") not in caplog.text


@pytest.mark.parametrize(
    ("seconds", "fits"), [(-61, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_clock_of_an_app_may_be_one_step_off(seconds: int, fits: bool) -> None:
    secret = one_time_codes.new_secret()
    now = datetime(2026, 11, 26, 10, 0, 1, tzinfo=UTC)
    code = pyotp.TOTP(secret).at(now + timedelta(seconds=seconds))

    assert (one_time_codes.step_of(secret=secret, code=code, now=now) is not None) is fits


def test_code_works_once(user: User) -> None:
    second_factors.make_factor(user)
    code = second_factors.app_of(user).now()

    first = enter_password(user).post(CODE, {"code": f" {code[:3]} {code[3:]} "})
    second = enter_password(user).post(CODE, {"code": code})

    assert (first.status_code, second.status_code) == (302, 422)


def test_recovery_code_works_once_and_its_person_is_told(user: User, committed: Any) -> None:
    code = second_factors.make_factor(user)[3]
    mail.outbox.clear()

    first, second = enter_password(user), enter_password(user)
    with committed():
        answer = first.post(CODE, {"code": code.lower().replace(" ", "-")}, follow=True)
    again = second.post(CODE, {"code": code})

    assert "You used a recovery code. Codes left: 9." in answer.content.decode()
    assert (is_signed_in(first), is_signed_in(second), again.status_code) == (True, False, 422)
    assert "Codes left: 9." in mail.outbox[0].body


def test_codes_are_closed_to_an_address_that_guesses(user: User, committed: Any) -> None:
    recovery = second_factors.make_factor(user)
    mail.outbox.clear()
    guesser = enter_password(user)
    most = attempt_limits.CODE.both.attempts

    with committed():
        tried = [guesser.post(CODE, {"code": wrong_code(user)}) for _ in range(most)]
        late = guesser.post(CODE, {"code": recovery[0]})

    assert {answer.status_code for answer in tried} == {422}
    assert late.status_code == 429
    assert 0 < int(late["Retry-After"]) <= 900
    assert "Wait 15 minutes" in late.content.decode()
    assert not is_signed_in(guesser)
    assert Notice.objects.filter(user=user, text__contains="wrong codes").count() == 1
    assert [message.subject for message in mail.outbox] == ["Somebody knows your password"]
    elsewhere = enter_password(user, client=Client(REMOTE_ADDR="198.51.100.7"))
    assert elsewhere.post(CODE, {"code": recovery[0]}).status_code == 302


def test_codes_of_an_account_are_closed_everywhere_after_thirty(user: User) -> None:
    recovery = second_factors.make_factor(user)
    most = attempt_limits.CODE.account.attempts

    for n in range(most):
        now = timezone.now()
        attempt_limits.count(
            username=user.username, address=f"10.0.0.{n}", now=now, limits=attempt_limits.CODE
        )

    assert enter_password(user).post(CODE, {"code": recovery[0]}).status_code == 429


@pytest.mark.parametrize("what", ["late", "new password", "switched off", "no password"])
def test_code_alone_lets_nobody_in(user: User, what: str) -> None:
    recovery = second_factors.make_factor(user)
    client = enter_password(user) if what != "no password" else Client()
    if what == "late":
        session = SessionStore(client.session.session_key)
        session[second_step._NAME] |= {"at": timezone.now().timestamp() - 601}
        session.save()
    elif what == "new password":
        user.set_password("another-made-up-password")
        user.save()
    elif what == "switched off":
        User.objects.update(is_active=False)

    answer = client.post(CODE, {"code": recovery[0]})

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(client)
    assert RecoveryCode.objects.filter(used_at=None).count() == one_time_codes.CODES


def test_session_that_was_planted_is_not_the_one_that_waits_for_the_code(user: User) -> None:
    second_factors.make_factor(user)
    planted = SessionStore()
    planted["seen"] = True
    planted.create()
    client = Client()
    client.cookies["sessionid"] = str(planted.session_key)

    enter_password(user, client=client)

    assert client.cookies["sessionid"].value != planted.session_key
    assert not SessionStore(planted.session_key).load()


@pytest.mark.parametrize(
    ("onward", "there"), [("/learners/?q=a", "/learners/?q=a"), ("https://evil.example/", "/")]
)
def test_page_that_was_asked_for_comes_after_the_code(user: User, onward: str, there: str) -> None:
    second_factors.make_factor(user)
    client = Client()
    fields = {"username": user.username, "password": builders.PASSWORD, "next": onward}
    address = client.post("/sign-in/", fields)["Location"]

    answer = client.post(address, {"code": second_factors.app_of(user).now()})

    assert answer["Location"] == there


def test_password_link_does_not_go_round_it(user: User) -> None:
    second_factors.make_factor(user)
    client = Client()
    link = password_links.address_of(user).removeprefix("http://localhost:8000")
    form = client.get(link, follow=True).redirect_chain[-1][0]

    client.post(form, {"new_password1": "quite-another-7", "new_password2": "quite-another-7"})
    client.post("/sign-in/", {"username": user.username, "password": "quite-another-7"})

    assert not is_signed_in(client)
    assert "Enter your code" in client.get(CODE).content.decode()


@pytest.mark.parametrize("address", ["codes/", "off/"])
@pytest.mark.parametrize("instead", [{"password": "wrong"}, {"code": "000 000 x"}, {"code": ""}])
def test_nothing_of_it_changes_without_password_and_code(
    user: User, address: str, instead: dict[str, str]
) -> None:
    second_factors.make_factor(user)
    before = set(RecoveryCode.objects.values_list("digest", flat=True))

    answer = builders.client_of(user).post(PAGE + address, sure(user, **instead))

    assert answer.status_code == 422
    assert "<title>Error: " in answer.content.decode()
    assert set(RecoveryCode.objects.values_list("digest", flat=True)) == before


def test_passwords_are_guessed_no_further_where_a_session_was_found_open(user: User) -> None:
    second_factors.make_factor(user)
    client = builders.client_of(user)
    most = attempt_limits.CODE.both.attempts

    tried = [client.post(f"{PAGE}off/", sure(user, password="no")) for _ in range(most + 1)]

    assert [answer.status_code for answer in tried] == [422] * most + [429]
    assert client.post(f"{PAGE}off/", sure(user)).status_code == 429


def test_new_recovery_codes_void_the_old_ones(user: User, committed: Any) -> None:
    old = second_factors.make_factor(user)
    client = builders.client_of(user)
    mail.outbox.clear()

    with committed():
        answer = client.post(f"{PAGE}codes/", sure(user))

    new = second_factors.recovery_codes_on(answer.content.decode())
    assert len(new) == one_time_codes.CODES
    assert enter_password(user).post(CODE, {"code": old[0]}).status_code == 422
    assert enter_password(user).post(CODE, {"code": new[0]}).status_code == 302
    assert mail.outbox[0].subject == "You have new recovery codes"


def test_switched_off_it_is_asked_no_more(user: User, committed: Any) -> None:
    second_factors.make_factor(user)
    client, elsewhere = builders.client_of(user), builders.client_of(user)
    mail.outbox.clear()

    with committed():
        answer = client.post(f"{PAGE}off/", sure(user))

    assert (answer.status_code, is_signed_in(client)) == (302, True)
    assert not is_signed_in(elsewhere)
    assert is_signed_in(enter_password(user))
    assert mail.outbox[0].subject == "Your second factor was switched off"
    assert PortalChange.objects.filter(act="FACTOR_OFF", about=user, by=user).exists()


def test_set_up_that_another_tab_began_again_keeps_what_counts(user: User) -> None:
    second_factors.make_factor(user)
    before = SecondFactor.objects.values().get()

    builders.client_of(user).post(f"{PAGE}begin/")

    assert SecondFactor.objects.values().get() == before


def test_secret_is_encrypted_and_opens_in_its_own_row_alone(portal: Portal, user: User) -> None:
    recovery = second_factors.make_factor(user)
    other = builders.make_user(portal)
    second_factors.make_factor(other)
    app = second_factors.app_of(user)
    kept = b" ".join(bytes(one.secret_encrypted) for one in SecondFactor.objects.all())
    assert app.secret.encode() not in kept
    assert recovery[0].replace(" ", "") not in str(list(RecoveryCode.objects.values()))

    stolen = SecondFactor.objects.get(user=user).secret_encrypted
    SecondFactor.objects.filter(user=other).update(secret_encrypted=stolen)

    assert enter_password(other).post(CODE, {"code": app.now()}).status_code == 422


def test_recovery_codes_work_where_the_key_is_gone(user: User, settings: Any) -> None:
    recovery = second_factors.make_factor(user)
    settings.TOKEN_ENCRYPTION_KEYS = ["MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="]

    assert enter_password(user).post(CODE, {"code": recovery[0]}).status_code == 302
