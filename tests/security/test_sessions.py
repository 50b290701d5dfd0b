"""Sessions: when they end by themselves, and what else ends them."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from lrm.models import LrmRole, Portal, User
from lrm.people import own_account
from lrm.sign_in import sessions
from tests.support import builders, web_process
from tests.support.web_process import Web


def begin(user: User) -> str:
    """Sign somebody in, and return the key of the session."""
    key = builders.client_of(user).session.session_key
    assert key is not None
    return key


def is_open(web: Web, key: str, path: str = "/", **headers: str) -> bool:
    """Return whether a page still knows whose session it is."""
    answer = web.send("GET", path, headers={**web_process.session_headers(key), **headers})
    return answer.status == 200


def set_back(key: str, *names: str, by: timedelta) -> None:
    """Let moments of a session be longer ago."""
    session = SessionStore(key)
    for name in names:
        session[name] = (timezone.now() - by).timestamp()
    session.save()


@pytest.mark.parametrize(
    ("names", "by", "open_after"),
    [
        ([sessions.ACTIVE], timedelta(minutes=59), True),
        ([sessions.ACTIVE], timedelta(minutes=61), False),
        ([sessions.BEGAN], timedelta(hours=11.9), True),
        ([sessions.BEGAN], timedelta(hours=12.1), False),
    ],
)
def test_session_ends_when_it_is_old_or_idle(
    web: Web, portal: Portal, names: list[str], by: timedelta, open_after: bool
) -> None:
    key = begin(builders.make_user(portal))

    set_back(key, *names, by=by)

    assert is_open(web, key) is open_after
    assert is_open(web, key) is open_after


def test_session_is_no_longer_idle_when_its_person_opens_a_page(web: Web, portal: Portal) -> None:
    key = begin(builders.make_user(portal))
    set_back(key, sessions.ACTIVE, by=timedelta(minutes=50))

    assert is_open(web, key, "/notices/bell/", **{"HX-Request": "true"})
    by_itself = SessionStore(key)[sessions.ACTIVE]
    assert is_open(web, key)

    assert timezone.now().timestamp() - by_itself > timedelta(minutes=49).total_seconds()
    assert SessionStore(key)[sessions.ACTIVE] > by_itself


@pytest.mark.parametrize(
    "change",
    [
        {"is_portal_admin": True},
        {"lrm_role": LrmRole.NONE},
        {"is_accounts": True},
        {"is_active": False},
        {"password": "made-up-hash"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_sessions_end_when_their_persons_rights_change(
    web: Web, portal: Portal, change: dict[str, object]
) -> None:
    user = builders.make_user(portal)
    keys = [begin(user), begin(user)]
    other = begin(builders.make_user(portal))
    assert all(is_open(web, key) for key in keys)

    User.objects.filter(pk=user.pk).update(**change)

    assert not any(is_open(web, key) for key in keys)
    assert is_open(web, other)


def test_all_sessions_end_when_that_is_asked_for(web: Web, portal: Portal) -> None:
    user = builders.make_user(portal)
    keys = [begin(user), begin(user)]

    own_account.end_other_sessions(user=user, now=timezone.now())

    assert not any(is_open(web, key) for key in keys)


def test_session_is_a_new_one_when_somebody_signs_in(web: Web, portal: Portal) -> None:
    planted = SessionStore()
    planted.create()
    user = builders.make_user(portal)
    headers = web_process.session_headers(planted.session_key)

    answer = web.send(
        "POST",
        "/sign-in/",
        f"username={user.username}&password={builders.PASSWORD}",
        {**headers, "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status == 302
    assert f"sessionid={planted.session_key}" not in str(answer.headers)
    assert not is_open(web, str(planted.session_key))
