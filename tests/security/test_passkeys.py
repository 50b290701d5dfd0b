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
from django.test import Client
from django.utils import timezone
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

from lrm.models import (
    Notice,
    Passkey,
    Portal,
    PortalChange,
    User,
)
from lrm.sign_in import attempt_limits, challenges, one_time_codes
from tests.support import authenticator, builders, second_factors
from tests.support.authenticator import (
    CODE,
    CONFIRM,
    PAGE,
    Authenticator,
    age_challenges,
    asked,
    options_on,
)
from tests.support.second_factors import enter_password, is_signed_in

pytestmark = pytest.mark.django_db


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
    assert list(PortalChange.objects.order_by("id").values_list("act", flat=True)) == [
        "PASSKEY_ADDED",
        "FACTOR_ON",
    ]
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


def test_passkey_alone_lets_nobody_in(user: User) -> None:
    made, _ = authenticator.add_to(user)
    client = enter_password(user)
    options = asked(client)
    stranger = Client()

    answer = stranger.post(CODE, {"passkey": made.use(options)})

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(stranger)
    assert "passkey" not in stranger.get("/sign-in/").content.decode().lower()
