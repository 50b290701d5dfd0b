"""The second factor: what it keeps out, what it never keeps, and who may take it away."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from lrm.models import Notice, Portal, PortalChange, RecoveryCode, SecondFactor, User
from lrm.people import password_links
from lrm.sign_in import attempt_limits, one_time_codes, second_step
from tests.security import made_up_requests
from tests.support import builders, second_factors
from tests.support.second_factors import enter_password, is_signed_in

pytestmark = pytest.mark.django_db
PAGE = "/account/second-factor/"
CODE = "/sign-in/code/"


@pytest.fixture
def user(portal: Portal) -> User:
    return builders.make_user(portal)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Let what waits for the commit happen."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def wrong_code(user: User) -> str:
    """Return six digits that are none of the codes of now."""
    app, now = second_factors.app_of(user), datetime.now(tz=UTC)
    right = {app.at(now + timedelta(seconds=30 * step)) for step in range(-2, 3)}
    return next(one for one in (f"{n:06}" for n in range(10)) if one not in right)


def sure(user: User, **instead: str) -> dict[str, str]:
    code = second_factors.app_of(user).now()
    return {"password": builders.PASSWORD, "code": code, **instead}


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


@pytest.mark.parametrize(
    ("rights", "held"),
    [({"portal_admin": True}, True), ({"accounts": True}, True), ({}, False)],
)
def test_whoever_must_have_one_does_nothing_before(
    portal: Portal, rights: dict[str, Any], held: bool
) -> None:
    Portal.objects.update(demands_second_factor=True)
    person = builders.make_user(portal, **rights)
    client = enter_password(person)
    pages = ("/", "/learners/", "/settings/people/", "/account/", "/notices/")

    leads = {client.get(path).headers.get("Location", "") == PAGE for path in pages}

    assert leads == {held}
    assert (client.post("/learners/new/", {}).headers.get("Location") == PAGE) is held
    assert ("second factor" in client.get("/api/v1/sync-runs/").content.decode()) is held
    part = client.get("/notices/bell/", headers={"HX-Request": "true"})
    assert part.headers.get("HX-Redirect", "") == (PAGE if held else "")
    assert "Sign out" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}begin/")
    client.post(f"{PAGE}confirm/", sure(person))
    assert client.get("/").status_code == 200


def test_no_address_but_set_up_is_open_to_whoever_must_have_one(portal: Portal) -> None:
    Portal.objects.update(demands_second_factor=True)
    client = builders.client_of(builders.make_user(portal, portal_admin=True))
    mine = {"account/second-factor/", "account/second-factor/begin/", "sign-out/"}
    mine |= {"account/second-factor/confirm/", "healthz", "readyz", "webhooks/xero/", "metrics"}
    mine |= {f"account/second-factor/passkeys/{one}/" for one in ("add", "confirm")}

    through = [
        route
        for route in made_up_requests.routes()
        if route not in mine
        and client.get("/" + re.sub(r"<[^>]+>", "1", route)).headers.get("Location") != PAGE
        and not route.startswith("api/")
    ]

    assert through == []


def test_portal_admin_demands_it_on_the_portals_page(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    client = builders.client_of(admin)
    fields = {"name": portal.name, "time_zone": portal.time_zone, "financial_year_first_month": "7"}

    client.post("/settings/edit/", {**fields, "demands_second_factor": "on"})

    assert client.get("/")["Location"] == PAGE
    assert "need a second factor" in PortalChange.objects.get().detail


def reset_by(admin: User, user: User) -> int:
    client = builders.client_of(admin)
    return client.post(f"/settings/people/{user.pk}/reset-second-factor/").status_code


def test_portal_admin_resets_anothers_and_they_are_told(
    portal: Portal, user: User, committed: Any
) -> None:
    second_factors.make_factor(user)
    theirs = builders.client_of(user)
    admin = builders.make_user(portal, portal_admin=True)
    second_factors.make_factor(admin)
    mail.outbox.clear()

    with committed():
        assert reset_by(admin, user) == 302
        reset_by(admin, admin)

    assert not is_signed_in(theirs)
    assert is_signed_in(enter_password(user))
    assert [(one.to, one.subject) for one in mail.outbox] == [
        ([user.email], "Your second factor was reset")
    ]
    change = PortalChange.objects.get(act="FACTOR_RESET")
    assert (change.by, change.about) == (admin, user)
    assert SecondFactor.objects.get().user == admin


def test_nobody_else_resets_it(portal: Portal, user: User) -> None:
    second_factors.make_factor(user)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    assert reset_by(builders.make_user(portal), user) == 403
    assert reset_by(stranger, user) == 404

    assert SecondFactor.objects.filter(user=user).exists()


def test_command_lets_the_last_portal_admin_in_again(portal: Portal, committed: Any) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    second_factors.make_factor(admin)
    mail.outbox.clear()

    with committed():
        call_command("reset_second_factor", admin.username)

    assert is_signed_in(enter_password(admin))
    assert PortalChange.objects.get(act="FACTOR_RESET").by_name.startswith("Support")
    assert "Support has reset" in mail.outbox[0].body
    for name in (admin.username, "nobody-known"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", name)


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
