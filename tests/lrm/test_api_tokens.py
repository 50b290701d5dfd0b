"""Tokens: made and ended on a page, shown once, and never more than their person."""

import hashlib
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lrm.models import ApiToken, LrmRole, Portal, PortalChange, User
from lrm.people import accounts
from lrm.people.accounts import Rights
from lrm.rest import request_counts, tokens
from lrm.sign_in import attempt_limits
from tests.support import api_client, builders, second_factors

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens/"
LEARNERS = "/api/v1/learners/"


@pytest.fixture
def user(portal: Portal) -> User:
    return builders.make_user(portal)


def asks(secret: str, path: str = LEARNERS, **more: Any) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {secret}"}, **more)


def secret_on(page: Any) -> str:
    found = re.search(r'id="secret"[^>]* value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_program_reads_with_the_token_that_its_person_made(user: User) -> None:
    page = builders.client_of(user).post(PAGE, {"name": "Power BI"})
    secret = secret_on(page)

    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert re.fullmatch(r"lrm_pat_[\w-]{43}", secret)
    assert asks(secret).status_code == 200
    assert asks(secret[:-1]).status_code == 401


def test_secret_is_shown_once_and_kept_nowhere(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = builders.client_of(user)
    secret = secret_on(client.post(PAGE, {"name": "Power BI"}))
    asks(secret)
    asks(f"{secret}x")

    assert secret not in client.get(PAGE).content.decode()
    kept = str(list(ApiToken.objects.values())) + str(list(PortalChange.objects.values()))
    assert secret not in kept
    assert hashlib.sha256(secret.encode()).hexdigest() in kept
    assert secret not in caplog.text
    assert secret not in str(dict(client.session))


def test_second_press_leaves_no_token_that_nobody_saw(user: User) -> None:
    client = builders.client_of(user)

    unseen, shown = (secret_on(client.post(PAGE, {"name": "Power BI"})) for _ in range(2))

    assert asks(unseen).status_code == 401
    assert asks(shown).status_code == 200
    assert tokens.live_of(user, now=timezone.now()).count() == 1


@pytest.mark.parametrize("other", ["used", "later", "may act", "person"])
def test_token_is_made_beside_one_that_only_resembles_it(
    user: User, portal: Portal, other: str
) -> None:
    client, form = builders.client_of(user), {"name": "Power BI"}
    first = secret_on(client.post(PAGE, form))
    if other == "used":
        asks(first)
    if other == "later":
        ApiToken.objects.update(made_at=timezone.now() - timedelta(minutes=2))
    if other == "may act":
        form["may_act"] = "on"
    if other == "person":
        client = builders.client_of(builders.make_user(portal))

    second = secret_on(client.post(PAGE, form))

    assert [asks(secret).status_code for secret in (first, second)] == [200, 200]


def test_making_and_ending_are_in_the_portals_changes(user: User) -> None:
    client = builders.client_of(user)
    client.post(PAGE, {"name": "Power BI"})
    token = ApiToken.objects.get()

    client.post(f"{PAGE}{token.pk}/end/")
    client.post(f"{PAGE}{token.pk}/end/")

    changes = list(PortalChange.objects.order_by("id").values_list("act", "by", "about", "detail"))
    assert changes == [
        ("TOKEN_MADE", user.pk, user.pk, "Power BI"),
        ("TOKEN_ENDED", user.pk, user.pk, "Power BI"),
    ]


def test_token_opens_nothing_when_it_has_ended(user: User) -> None:
    secret = api_client.make_token(user)
    builders.client_of(user).post(f"{PAGE}{ApiToken.objects.get().pk}/end/")

    answer = asks(secret)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "has ended" in answer.json()["detail"]


def test_token_opens_nothing_when_its_last_day_is_over(user: User, portal: Portal) -> None:
    now = timezone.now()
    yesterday = api_client.make_token(user, expires_at=now - timedelta(seconds=1))
    tomorrow = api_client.make_token(user, expires_at=now + timedelta(days=1))

    assert asks(yesterday).status_code == 401
    assert asks(tomorrow).status_code == 200


def test_last_day_ends_by_the_portals_clock(user: User, portal: Portal) -> None:
    today = timezone.now().astimezone(portal.zone).date()

    builders.client_of(user).post(PAGE, {"name": "Import", "expires_on": today.isoformat()})

    expires_at = ApiToken.objects.get().expires_at
    assert expires_at is not None
    ends = expires_at.astimezone(portal.zone)
    assert (ends.date(), ends.hour) == (today + timedelta(days=1), 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\x00b"},
        {"name": "Import", "expires_on": "2020-01-01"},
        {"name": "Import", "expires_on": "9999-12-31"},
        {"name": "Import", "expires_on": "soon"},
    ],
)
def test_no_token_is_made_when_a_field_cannot_be(user: User, fields: dict[str, str]) -> None:
    answer = builders.client_of(user).post(PAGE, fields)

    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_person_cannot_make_a_heap_of_tokens(user: User) -> None:
    for _ in range(tokens.MOST_TOKENS):
        api_client.make_token(user)

    answer = builders.client_of(user).post(PAGE, {"name": "One more"})

    assert answer.status_code == 422
    assert "End one first" in answer.content.decode()
    assert ApiToken.objects.count() == tokens.MOST_TOKENS


def test_rights_of_a_token_are_those_of_its_person_at_that_moment(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    person = builders.make_user(portal)
    secret = api_client.make_token(person)
    assert asks(secret).status_code == 200

    none = Rights(is_portal_admin=False, lrm_role=LrmRole.NONE, is_accounts=False)
    accounts.change_rights(user=person, rights=none, by=admin, now=timezone.now())

    assert asks(secret).status_code == 403


def test_token_ends_for_good_when_its_person_is_switched_off(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    person = builders.make_user(portal)
    secret = api_client.make_token(person)

    accounts.switch_off(user=person, by=admin, now=timezone.now())
    assert asks(secret).status_code == 401
    accounts.switch_on(user=person, by=admin, now=timezone.now())

    assert asks(secret).status_code == 401
    ended = PortalChange.objects.get(act="TOKEN_ENDED")
    assert (ended.by, ended.about) == (admin, person)


def test_token_opens_nothing_when_its_person_is_inactive_or_elsewhere(user: User) -> None:
    secret = api_client.make_token(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert asks(secret).status_code == 401

    User.objects.filter(pk=user.pk).update(is_active=True, portal=builders.make_portal())

    assert asks(secret).status_code == 401


def test_token_that_only_reads_does_nothing_else(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin, may_act=False)

    answer = program.post("sync-runs/", {"date_from": "2026-01-01", "date_to": "2026-01-31"})

    assert answer.status_code == 403
    assert "only reads" in answer.json()["detail"]
    assert program.get("sync-runs/").status_code == 200


def test_token_waits_when_its_person_lacks_a_second_factor_that_the_portal_demands(
    portal: Portal,
) -> None:
    admin, colleague = builders.make_user(portal, portal_admin=True), builders.make_user(portal)
    secrets = [api_client.make_token(one) for one in (admin, colleague)]
    Portal.objects.update(demands_second_factor=True)

    held, free = (asks(one) for one in secrets)
    by_session = builders.client_of(admin).get(LEARNERS)

    assert (held.status_code, free.status_code) == (403, 200)
    assert "/account/second-factor/" in held.json()["detail"]
    assert by_session.json() == held.json()
    second_factors.make_factor(admin)
    assert asks(secrets[0]).status_code == 200


def test_others_can_neither_see_nor_end_a_token(user: User, portal: Portal) -> None:
    secret = api_client.make_token(user, name="Quiet one")
    others = [
        builders.make_user(portal, portal_admin=True),
        builders.make_user(builders.make_portal(), portal_admin=True),
    ]
    pk = ApiToken.objects.get().pk

    for other in others:
        client = builders.client_of(other)
        assert "Quiet one" not in client.get(PAGE).content.decode()
        assert client.post(f"{PAGE}{pk}/end/").status_code == 404

    assert asks(secret).status_code == 200


def test_last_use_is_written_once_a_minute(user: User) -> None:
    secret = api_client.make_token(user)
    asks(secret)
    first = ApiToken.objects.get().last_used_at
    assert first is not None

    asks(secret)
    assert ApiToken.objects.get().last_used_at == first

    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    asks(secret)
    assert ApiToken.objects.get().last_used_at != first - timedelta(minutes=1)


def test_wrong_tokens_lock_the_address_out_as_wrong_passwords_do(user: User) -> None:
    right = api_client.make_token(user)
    answers = [asks(f"lrm_pat_{n}") for n in range(attempt_limits.ADDRESS.attempts + 1)]

    assert {one.status_code for one in answers[:-1]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    sign_in = {"username": user.username, "password": builders.PASSWORD}
    assert Client().post("/sign-in/", sign_in).status_code == 429
    # Nobody guesses 256 bits: the program behind the same address goes on.
    assert asks(right).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer \xff\xfe", "Bearer a b", f"Bearer {'x' * 4000}"]
)
def test_header_is_refused_when_it_holds_no_token(user: User, header: str) -> None:
    answer = Client().get(LEARNERS, headers={"Authorization": header})

    assert answer.status_code == 401


def test_token_in_an_address_opens_nothing(user: User) -> None:
    secret = api_client.make_token(user)

    assert Client().get(LEARNERS, {"token": secret}).status_code == 401


def test_token_waits_when_it_asks_too_often(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    few = request_counts.Limit("holder", 3)
    monkeypatch.setattr(request_counts, "OF_HOLDER", few)
    busy, other = api_client.make_token(user), api_client.make_token(user)

    answers = [asks(busy) for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["type"] == "/api/#too-many-requests"
    assert asks(other).status_code == 200


def test_address_waits_when_it_asks_too_often(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_counts, "OF_ADDRESS", request_counts.Limit("address", 2))
    secret = api_client.make_token(user)

    statuses = [Client().get(LEARNERS).status_code, asks(secret).status_code]
    here = asks(secret)
    elsewhere = asks(secret, REMOTE_ADDR="192.0.2.7")

    assert statuses == [401, 200]
    assert here.status_code == 429
    assert "Retry-After" in here.headers
    assert elsewhere.status_code == 200


def test_window_begins_anew_after_a_minute() -> None:
    limit, now = request_counts.Limit("test", 1), timezone.now()

    waits = [
        request_counts.seconds_to_wait(limit, "x", now=now + timedelta(seconds=at))
        for at in (0, 30, 59, 60)
    ]

    assert waits == [0, 30, 1, 0]
