"""Passkeys as a second factor: whom they let in, and what lets nobody in."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

from lrm.models import (
    Notice,
    Passkey,
    Portal,
    PortalChange,
    RecoveryCode,
    SecondFactor,
    User,
)
from lrm.sign_in import attempt_limits, challenges, one_time_codes, passkeys
from tests.support import authenticator, builders, second_factors
from tests.support.authenticator import ADD, CONFIRM, PAGE, Authenticator, options_on
from tests.support.second_factors import enter_password, is_signed_in

pytestmark = pytest.mark.django_db
CODE = "/sign-in/code/"


@pytest.fixture
def user(portal: Portal) -> User:
    return builders.make_user(portal)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Let what waits for the commit happen."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def asked(client: Client, path: str = CODE) -> dict[str, Any]:
    """Return what a page has the browser ask of a passkey."""
    return options_on(client.get(path).content.decode())


def acts() -> list[str]:
    return list(PortalChange.objects.order_by("id").values_list("act", flat=True))


def age_challenges(client: Client, by: timedelta) -> None:
    """Have whatever a session awaits be asked for earlier than it was."""
    session = SessionStore(client.session.session_key)
    kept = [name for name in session.load() if name.startswith("challenge to ")]
    assert kept
    for name in kept:
        session[name] |= {"at": session[name]["at"] - by.total_seconds()}
    session.save()


def test_person_adds_a_passkey_and_signs_in_with_password_and_passkey(
    user: User, committed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client, elsewhere = builders.client_of(user), builders.client_of(user)
    made = Authenticator()
    options = authenticator.asked_to_make(client, "phone")
    assert options["rp"]["id"] == "localhost"
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert user.username.encode() not in base64url_to_bytes(options["user"]["id"])

    with committed():
        answer = client.post(CONFIRM, {"passkey": made.make(options)})

    codes = second_factors.recovery_codes_on(answer.content.decode())
    assert len(codes) == one_time_codes.CODES
    assert (is_signed_in(client), is_signed_in(elsewhere)) == (True, False)
    assert [one.subject for one in mail.outbox] == ["A second factor was set up"]
    assert acts() == ["PASSKEY_ADDED", "FACTOR_ON"]
    assert PortalChange.objects.get(act="PASSKEY_ADDED").detail == "phone"
    assert Passkey.objects.get().transports == ["internal"]

    newcomer = enter_password(user)
    assert not is_signed_in(newcomer)
    options = asked(newcomer)
    assert [one["id"] for one in options["allowCredentials"]] == [
        json.loads(made.use(options))["id"]
    ]
    answer = newcomer.post(CODE, {"passkey": made.use(options)})

    assert (answer.status_code, is_signed_in(newcomer)) == (302, True)
    assert f"User {user.pk} signed in from {second_factors.ADDRESS} with a passkey" in caplog.text
    assert Passkey.objects.get().last_used_at is not None
    shown = newcomer.get(PAGE).content.decode()
    assert "Signing in takes your password and a passkey. Recovery codes left: 10." in shown
    assert "phone" in shown


def test_recovery_code_lets_in_where_the_passkey_is_away(user: User) -> None:
    _, codes = authenticator.add_to(user)
    client = enter_password(user)
    page = client.get(CODE).content.decode()
    assert "A passkey needs script" in page
    assert "Recovery code" in page

    client.post(CODE, {"code": codes[0]})

    assert is_signed_in(client)


# What is said wrongly at the sign-in, each of which one check alone finds.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("wrong origin", {"origin": "http://localhost:8001"}),
    ("http for https", {"origin": "https://localhost:8000"}),
    ("another site", {"origin": "https://evil.example"}),
    ("wrong RP id", {"domain": "evil.example"}),
    ("nobody there", {"flags": 0}),
    ("made, not used", {"kind": "webauthn.create"}),
    ("challenge of its own", {"challenge": "bm90LW91cnM"}),
    ("another key", {"key": ec.generate_private_key(ec.SECP256R1())}),
    ("no signature", {"signature": b""}),
]


@pytest.mark.parametrize("wrong", [wrong for _, wrong in WRONG], ids=[name for name, _ in WRONG])
def test_wrong_answer_lets_nobody_in(user: User, wrong: dict[str, Any]) -> None:
    made, _ = authenticator.add_to(user)
    client = enter_password(user)

    answer = client.post(CODE, {"passkey": made.use(asked(client), **wrong)})

    assert (answer.status_code, is_signed_in(client)) == (422, False)
    assert "This passkey was not accepted" in answer.content.decode()
    client.post(CODE, {"passkey": made.use(options_on(answer.content.decode()))})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("public", "origin"),
    [
        ("https://LRM.Example.com:443", "https://lrm.example.com"),
        ("https://lrm.example.com:8443", "https://lrm.example.com:8443"),
        ("https://lrm.example.com/under", "https://lrm.example.com"),
    ],
)
def test_site_is_told_as_browsers_tell_it(
    user: User, settings: Any, public: str, origin: str
) -> None:
    settings.PUBLIC_URL = public
    client, made = builders.client_of(user), Authenticator()
    here = {"origin": origin, "domain": "lrm.example.com"}
    options = authenticator.asked_to_make(client)
    client.post(CONFIRM, {"passkey": made.make(options, **here)})

    newcomer = enter_password(user)
    newcomer.post(CODE, {"passkey": made.use(asked(newcomer), **here)})

    assert options["rp"]["id"] == "lrm.example.com"
    assert is_signed_in(newcomer)


def _tampered(answer: str) -> str:
    """Return an answer that claims another count than the one that was signed."""
    said = json.loads(answer)
    data = bytearray(base64url_to_bytes(said["response"]["authenticatorData"]))
    data[-1] ^= 1
    said["response"]["authenticatorData"] = bytes_to_base64url(bytes(data))
    return json.dumps(said)


def _of_nothing(answer: str) -> str:
    return json.dumps({**json.loads(answer), "response": {}})


@pytest.mark.parametrize(
    "spoil",
    [
        _tampered,
        _of_nothing,
        lambda answer: answer[:-1],
        lambda answer: "[" * 15_000,
        lambda answer: json.dumps([answer]),
        lambda answer: answer.replace('"rawId": "', '"rawId": "AAAA'),
        lambda answer: answer.replace('"rawId": "', '"rawId": "\u00e9'),
        lambda answer: answer + " " * 20_000,
        lambda answer: "\x00",
    ],
)
def test_spoilt_answer_lets_nobody_in(user: User, spoil: Callable[[str], str]) -> None:
    made, _ = authenticator.add_to(user)
    client = enter_password(user)

    answer = client.post(CODE, {"passkey": spoil(made.use(asked(client)))})

    assert (answer.status_code, is_signed_in(client)) == (422, False)


def test_answer_counts_once_for_the_session_and_for_the_passkey(user: User) -> None:
    made, _ = authenticator.add_to(user)
    client = enter_password(user)
    options = asked(client)
    session = SessionStore(client.session.session_key)
    before = dict(session.items())
    answer = made.use(options)
    wrong = made.use(options, domain="evil.example")

    # An attempt that fails spends what it was to answer, too.
    client.post(CODE, {"passkey": wrong})
    again = client.post(CODE, {"passkey": answer})
    assert (again.status_code, is_signed_in(client)) == (422, False)

    # Of two at the same moment both find the challenge in the session.
    twins = [SessionStore(), SessionStore()]
    clients = [Client(REMOTE_ADDR=second_factors.ADDRESS) for _ in twins]
    for twin, one in zip(twins, clients, strict=True):
        twin.update(before)
        twin.create()
        one.cookies["sessionid"] = str(twin.session_key)
    answers = [one.post(CODE, {"passkey": answer}).status_code for one in clients]
    assert answers == [302, 422]


def test_challenge_ends_after_five_minutes(user: User) -> None:
    made, _ = authenticator.add_to(user)
    in_time, late = enter_password(user), enter_password(user)
    options = [asked(one) for one in (in_time, late)]
    age_challenges(in_time, timedelta(minutes=4, seconds=50))
    age_challenges(late, timedelta(minutes=5, seconds=1))

    for one, asked_for in zip((in_time, late), options, strict=True):
        one.post(CODE, {"passkey": made.use(asked_for)})

    assert (is_signed_in(in_time), is_signed_in(late)) == (True, False)


def test_passkey_of_somebody_else_lets_nobody_in(portal: Portal, user: User) -> None:
    other = builders.make_user(portal)
    theirs, _ = authenticator.add_to(other)
    authenticator.add_to(user)
    client = enter_password(user)

    answer = client.post(CODE, {"passkey": theirs.use(asked(client))})

    assert (answer.status_code, is_signed_in(client)) == (422, False)


def test_challenge_of_one_person_is_not_answered_by_the_next_in_the_browser(
    portal: Portal, user: User
) -> None:
    made, _ = authenticator.add_to(user)
    other = builders.make_user(portal)
    theirs, _ = authenticator.add_to(other)
    client = enter_password(other)
    options = asked(client)
    enter_password(user, client=client)

    answer = client.post(CODE, {"passkey": made.use(options)})

    assert (answer.status_code, is_signed_in(client)) == (422, False)
    assert theirs.credential_id != made.credential_id


@pytest.mark.parametrize(
    ("kept", "said", "is_in"), [(7, 8, True), (7, 7, False), (7, 6, False), (7, 0, False)]
)
def test_count_that_goes_back_is_refused_and_told(
    user: User, committed: Any, caplog: pytest.LogCaptureFixture, kept: int, said: int, is_in: bool
) -> None:
    made, _ = authenticator.add_to(user, count=kept)
    client = enter_password(user)
    mail.outbox.clear()

    with committed():
        client.post(CODE, {"passkey": made.use(asked(client), count=said)})

    assert is_signed_in(client) is is_in
    assert Passkey.objects.get().sign_count == (said if is_in else kept)
    assert ("went back" in caplog.text) is not is_in
    assert Notice.objects.filter(user=user, text__contains="may be a copy").exists() is not is_in
    assert [one.subject for one in mail.outbox] == ([] if is_in else ["A passkey was refused"])


def test_passkey_that_does_not_count_works_again_and_again(user: User) -> None:
    made, _ = authenticator.add_to(user)

    for _ in range(3):
        client = enter_password(user)
        client.post(CODE, {"passkey": made.use(asked(client))})
        assert is_signed_in(client)

    assert Passkey.objects.get().sign_count == 0
    assert not Notice.objects.exists()


def test_what_was_asked_for_adding_is_no_answer_to_anything_else(user: User) -> None:
    made, codes = authenticator.add_to(user)
    client = builders.client_of(user)
    options = authenticator.asked_to_make(client, "another", code=codes[0])
    remove = f"{PAGE}passkeys/{Passkey.objects.get().pk}/remove/"
    proof = {"password": builders.PASSWORD, "passkey": made.use(options)}

    answer = client.post(remove, proof)

    assert answer.status_code == 422
    assert Passkey.objects.count() == 1

    # Nor in a session that waits for the second step, whoever may have put it there.
    waiting = enter_password(user)
    session = SessionStore(waiting.session.session_key)
    session[challenges._NAME.format(challenges.ADD)] = {
        "challenge": options["challenge"],
        "user": user.pk,
        "at": timezone.now().timestamp(),
        "note": "another",
    }
    session.save()
    waiting.post(CODE, {"passkey": made.use(options)})
    assert not is_signed_in(waiting)


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


def test_attempts_are_counted_with_those_of_codes_before_they_are_looked_at(
    user: User, committed: Any
) -> None:
    made, codes = authenticator.add_to(user)
    client = enter_password(user)
    most = attempt_limits.CODE.both.attempts
    mail.outbox.clear()

    with committed():
        tried = [
            client.post(CODE, {"passkey": made.use(asked(client), domain="evil.example")})
            for _ in range(most)
        ]
        late = client.post(CODE, {"passkey": made.use(asked(client))})

    assert [one.status_code for one in tried] == [422] * most
    assert (late.status_code, is_signed_in(client)) == (429, False)
    assert client.post(CODE, {"code": codes[0]}).status_code == 429
    assert [one.subject for one in mail.outbox] == ["Somebody knows your password"]
    elsewhere = enter_password(user, client=Client(REMOTE_ADDR="198.51.100.7"))
    elsewhere.post(CODE, {"passkey": made.use(asked(elsewhere))})
    assert is_signed_in(elsewhere)


def test_making_passkeys_is_counted_too(user: User) -> None:
    client = builders.client_of(user)
    most = attempt_limits.CODE.both.attempts

    for _ in range(most):
        client.post(CONFIRM, {"passkey": "{}"})
    answer = client.post(ADD, {"name": "phone", "password": builders.PASSWORD})

    assert answer.status_code == 429
    late = client.post(CONFIRM, {"passkey": "{}"}, follow=True)
    assert "Too many codes were wrong." in late.content.decode()


def test_passkey_alone_lets_nobody_in(user: User) -> None:
    made, _ = authenticator.add_to(user)
    client = enter_password(user)
    options = asked(client)
    stranger = Client()

    answer = stranger.post(CODE, {"passkey": made.use(options)})

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(stranger)
    assert "passkey" not in stranger.get("/sign-in/").content.decode().lower()


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
