"""Passkeys on the page of the second factor: added, used as a proof, removed, reset."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from lrm.models import Passkey, Portal, PortalChange, RecoveryCode, SecondFactor, User
from lrm.sign_in import attempt_limits, one_time_codes, passkeys
from tests.support import authenticator, builders, second_factors
from tests.support.authenticator import (
    ADD,
    CODE,
    CONFIRM,
    PAGE,
    Authenticator,
    age_challenges,
    asked,
)
from tests.support.second_factors import enter_password, is_signed_in

pytestmark = pytest.mark.django_db


def acts() -> list[str]:
    return list(PortalChange.objects.order_by("id").values_list("act", flat=True))


def test_what_was_asked_at_the_sign_in_adds_no_passkey(user: User) -> None:
    authenticator.add_to(user)
    client = enter_password(user)
    options = asked(client)

    answer = client.post(CONFIRM, {"passkey": Authenticator().make(options)})

    assert answer.headers["Location"].startswith("/sign-in/")
    client = builders.client_of(user)
    options = asked(client, PAGE)
    client.post(CONFIRM, {"passkey": Authenticator().make(options)})
    assert Passkey.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"domain": "evil.example"},
        {"challenge": "bm90LW91cnM"},
        {"kind": "webauthn.get"},
        {"flags": 0},
    ],
)
def test_passkey_that_was_made_elsewhere_is_not_added(user: User, wrong: dict[str, Any]) -> None:
    client = builders.client_of(user)
    options = authenticator.asked_to_make(client)

    answer = client.post(CONFIRM, {"passkey": Authenticator().make(options, **wrong)}, follow=True)

    assert "The passkey was not added" in answer.content.decode()
    assert not SecondFactor.objects.exists()


def test_making_a_passkey_ends_after_five_minutes_and_happens_once(user: User) -> None:
    client = builders.client_of(user)
    options = authenticator.asked_to_make(client)
    age_challenges(client, timedelta(minutes=5, seconds=1))
    client.post(CONFIRM, {"passkey": Authenticator().make(options)})
    assert not Passkey.objects.exists()

    # An attempt that fails spends what it was to answer, too.
    options = authenticator.asked_to_make(client)
    client.post(CONFIRM, {"passkey": Authenticator().make(options, domain="evil.example")})
    client.post(CONFIRM, {"passkey": Authenticator().make(options)})
    assert not Passkey.objects.exists()

    options = authenticator.asked_to_make(client)
    client.post(CONFIRM, {"passkey": Authenticator().make(options)})
    client.post(CONFIRM, {"passkey": Authenticator().make(options)})
    assert Passkey.objects.count() == 1


def test_passkey_that_is_known_already_is_nobody_elses(portal: Portal, user: User) -> None:
    made, _ = authenticator.add_to(user)
    other = builders.make_user(portal)
    client = builders.client_of(other)
    options = authenticator.asked_to_make(client)

    client.post(CONFIRM, {"passkey": made.make(options)})

    assert [one.factor.user for one in Passkey.objects.all()] == [user]
    assert not SecondFactor.objects.filter(user=other, confirmed_at__isnull=False).exists()


def test_making_passkeys_is_counted_too(user: User) -> None:
    client = builders.client_of(user)
    most = attempt_limits.CODE.both.attempts

    for _ in range(most):
        client.post(CONFIRM, {"passkey": "{}"})
    answer = client.post(ADD, {"name": "phone", "password": builders.PASSWORD})

    assert answer.status_code == 429
    late = client.post(CONFIRM, {"passkey": "{}"}, follow=True)
    assert "Too many codes were wrong." in late.content.decode()


def removal_of(passkey: Passkey) -> str:
    return f"{PAGE}passkeys/{passkey.pk}/remove/"


@pytest.mark.parametrize("instead", [{"password": "wrong"}, {"code": "000 000 x"}, {"code": ""}])
def test_nothing_is_added_or_removed_without_password_and_second_factor(
    user: User, instead: dict[str, str]
) -> None:
    _, codes = authenticator.add_to(user)
    client = builders.client_of(user)
    proof = {"password": builders.PASSWORD, "code": codes[0], "name": "mine", **instead}

    for path in (ADD, removal_of(Passkey.objects.get()), f"{PAGE}begin/", f"{PAGE}codes/"):
        answer = client.post(path, proof)
        assert answer.status_code == 422, path
        assert "<title>Error: " in answer.content.decode()

    assert Passkey.objects.count() == 1
    assert RecoveryCode.objects.filter(used_at=None).count() == one_time_codes.CODES
    assert SecondFactor.objects.get().waiting_encrypted is None


def test_password_is_asked_before_a_first_passkey(user: User) -> None:
    client = builders.client_of(user)

    answer = client.post(ADD, {"name": "phone", "password": "wrong"})

    assert answer.status_code == 422
    assert "The password is wrong." in answer.content.decode()
    assert "data-options" not in answer.content.decode()


def test_passkey_proves_who_changes_the_second_factor(user: User, committed: Any) -> None:
    made, old = authenticator.add_to(user)
    client = builders.client_of(user)
    mail.outbox.clear()

    proof = {"password": builders.PASSWORD, "passkey": made.use(asked(client, PAGE))}
    answer = client.post(f"{PAGE}codes/", proof)
    new = second_factors.recovery_codes_on(answer.content.decode())
    assert len(new) == one_time_codes.CODES
    assert client.post(f"{PAGE}codes/", proof).status_code == 422

    user.refresh_from_db()
    with committed():
        second, none = authenticator.add_to(user, name="laptop", code=new[0])
    assert none == []
    assert not is_signed_in(client)
    assert mail.outbox[-1].subject == "A passkey was added"
    for one in (made, second):
        newcomer = enter_password(user)
        newcomer.post(CODE, {"passkey": one.use(asked(newcomer))})
        assert is_signed_in(newcomer)
    assert enter_password(user).post(CODE, {"code": old[1]}).status_code == 422


def test_last_passkey_that_is_removed_switches_the_second_factor_off(
    user: User, committed: Any
) -> None:
    made, codes = authenticator.add_to(user)
    authenticator.add_to(user, name="laptop", code=codes[0])
    client, elsewhere = builders.client_of(user), builders.client_of(user)
    mail.outbox.clear()

    with committed():
        laptop = Passkey.objects.get(name="laptop")
        client.post(removal_of(laptop), {"password": builders.PASSWORD, "code": codes[1]})
        assert not is_signed_in(elsewhere)
        phone = removal_of(Passkey.objects.get())
        proof = {"password": builders.PASSWORD, "passkey": made.use(asked(client, phone))}
        client.post(phone, proof)

    assert is_signed_in(client)
    assert is_signed_in(enter_password(user))
    assert not SecondFactor.objects.exists()
    assert acts()[-3:] == ["PASSKEY_REMOVED", "PASSKEY_REMOVED", "FACTOR_OFF"]
    subjects = ["A passkey was removed", "Your second factor was switched off"]
    assert [one.subject for one in mail.outbox if one.subject in subjects] == subjects


def test_passkey_of_somebody_else_is_not_removed(portal: Portal, user: User) -> None:
    authenticator.add_to(user)
    other = builders.make_user(portal, portal_admin=True)
    _, codes = authenticator.add_to(other)
    client = builders.client_of(other)
    proof = {"password": builders.PASSWORD, "code": codes[0]}

    path = removal_of(Passkey.objects.get(factor__user=user))

    assert client.get(path).status_code == client.post(path, proof).status_code == 404
    assert Passkey.objects.count() == 2


def test_app_and_passkey_stand_beside_each_other(user: User, committed: Any) -> None:
    codes = second_factors.make_factor(user)
    user.refresh_from_db()
    made, none = authenticator.add_to(user, code=codes[0])
    assert none == []
    newcomer = enter_password(user)
    page = newcomer.get(CODE).content.decode()
    assert "Use a passkey or enter your code" in page
    newcomer.post(CODE, {"code": second_factors.app_of(user).now()})
    assert is_signed_in(newcomer)

    mail.outbox.clear()
    with committed():
        answer = newcomer.post(
            f"{PAGE}off/",
            {"password": builders.PASSWORD, "passkey": made.use(asked(newcomer, PAGE))},
            follow=True,
        )
    assert "The app is taken away." in answer.content.decode()
    assert acts()[-1] == "APP_REMOVED"
    assert mail.outbox[0].subject == "An authenticator app was taken away"
    user.refresh_from_db()
    assert "Enter a recovery code" in enter_password(user).get(CODE).content.decode()


def test_app_is_added_to_passkeys_by_who_proves_to_be_theirs(user: User, committed: Any) -> None:
    made, _ = authenticator.add_to(user)
    client, found_open = builders.client_of(user), builders.client_of(user)
    begin = f"{PAGE}begin/"
    proof = {"password": builders.PASSWORD, "passkey": made.use(asked(client, begin))}
    page = client.post(begin, proof).content.decode()
    assert second_factors.key_on(page) == second_factors.app_of(user).secret
    assert second_factors.app_of(user).secret not in client.get(PAGE).content.decode()
    code = {"password": builders.PASSWORD, "code": second_factors.app_of(user).now()}
    assert enter_password(user).post(CODE, code).status_code == 422

    found_open.post(f"{PAGE}confirm/", code)
    assert not SecondFactor.objects.get().secret_encrypted

    # What proves it in the session does so for ten minutes.
    session = SessionStore(client.session.session_key)
    until = session["may_add_app_until"]
    session["may_add_app_until"] = timezone.now().timestamp() - 1
    session.save()
    client.post(f"{PAGE}confirm/", code)
    assert not SecondFactor.objects.get().secret_encrypted
    session["may_add_app_until"] = until
    session.save()

    mail.outbox.clear()
    with committed():
        answer = client.post(f"{PAGE}confirm/", code, follow=True)
    assert "The authenticator app is added." in answer.content.decode()
    assert acts()[-1] == "APP_ADDED"
    assert mail.outbox[0].subject == "An authenticator app was added"
    assert RecoveryCode.objects.filter(used_at=None).count() == one_time_codes.CODES


def test_app_that_was_begun_before_the_first_passkey_does_not_count(user: User) -> None:
    client = builders.client_of(user)
    client.post(f"{PAGE}begin/")
    code = {"password": builders.PASSWORD, "code": second_factors.app_of(user).now()}
    made = Authenticator()
    client.post(CONFIRM, {"passkey": made.make(authenticator.asked_to_make(client))})

    client.post(f"{PAGE}confirm/", code)

    assert enter_password(user).post(CODE, code).status_code == 422
    assert not SecondFactor.objects.get().secret_encrypted


def test_portal_that_demands_a_second_factor_takes_a_passkey(portal: Portal) -> None:
    Portal.objects.update(demands_second_factor=True)
    admin = builders.make_user(portal, portal_admin=True)
    assert builders.client_of(admin).get("/")["Location"] == PAGE

    made, codes = authenticator.add_to(admin)
    client = builders.client_of(admin)
    assert client.get("/").status_code == 200

    proof = {"password": builders.PASSWORD, "code": codes[0]}
    client.post(removal_of(Passkey.objects.get()), proof)
    assert client.get("/")["Location"] == PAGE
    assert made.count is None


def test_reset_takes_passkeys_away(portal: Portal, user: User, capsys: Any) -> None:
    made, codes = authenticator.add_to(user)
    admin = builders.make_user(portal, portal_admin=True)
    theirs = enter_password(user)
    options = asked(theirs)
    path = f"/settings/people/{user.pk}/reset-second-factor/"

    said = builders.client_of(admin).post(path, follow=True).content.decode()

    assert "was reset, with app, passkeys and recovery codes" in said
    assert not Passkey.objects.exists()
    theirs.post(CODE, {"passkey": made.use(options)})
    assert not is_signed_in(theirs)
    assert is_signed_in(enter_password(user))

    authenticator.add_to(admin)
    call_command("reset_second_factor", admin.username)
    assert "app, passkeys and recovery codes" in capsys.readouterr().out
    assert not Passkey.objects.exists()
    assert codes


def test_there_is_a_most_of_passkeys(user: User) -> None:
    _, codes = authenticator.add_to(user)
    client, made = builders.client_of(user), Authenticator()
    options = authenticator.asked_to_make(client, "one more", code=codes[0])
    factor = SecondFactor.objects.get()
    Passkey.objects.bulk_create(
        Passkey(
            factor=factor,
            name=f"key {n}",
            credential_id=bytes([n]),
            public_key=b"",
            made_at=timezone.now(),
        )
        for n in range(passkeys.MOST - 1)
    )

    client.post(CONFIRM, {"passkey": made.make(options)})
    answer = client.get(ADD, follow=True)

    assert "You have 20 passkeys, the most there may be." in answer.content.decode()
    assert Passkey.objects.count() == passkeys.MOST
