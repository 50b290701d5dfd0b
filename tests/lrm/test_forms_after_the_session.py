"""A form sent after the session ended: it is lost, that is said, and sign-in leads back to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from lrm.models import Learner, Portal, User
from lrm.sign_in import sessions
from tests.support import builders, page_reading

pytestmark = pytest.mark.django_db
FORM = "/learners/new/"
LOST = "You were signed out meanwhile. What you sent was not saved."


@pytest.fixture
def user(portal: Portal) -> User:
    return builders.make_user(portal)


@pytest.fixture
def idle(user: User) -> Client:
    """Somebody who has left the form open for two hours."""
    client = builders.client_of(user)
    session = SessionStore(client.session.session_key)
    session[sessions.ACTIVE] = (timezone.now() - timedelta(hours=2)).timestamp()
    session.save()
    return client


def send(client: Client, came_from: str, **headers: str) -> Any:
    fields = {"number": "T1", "given_name": "Robin", "family_name": "Wattle"}
    return client.post(FORM, fields, follow=True, headers={"Referer": came_from, **headers})


def test_lost_form_is_said_on_the_sign_in_page_which_leads_back_to_it(
    idle: Client, user: User
) -> None:
    page = send(idle, f"http://testserver{FORM}?from=list")

    assert LOST in page_reading.text_of(page.content.decode())
    assert page.context["next"] == f"{FORM}?from=list"
    back = idle.post(
        "/sign-in/",
        {"username": user.username, "password": builders.PASSWORD, "next": page.context["next"]},
    )
    assert back["Location"] == f"{FORM}?from=list"
    assert LOST not in idle.get(FORM).content.decode()
    assert not Learner.objects.filter(number="T1").exists()


@pytest.mark.parametrize(
    "came_from",
    [
        "",
        "https://evil.example/learners/new/",
        "http://testserver//evil.example/",
        "http://testserver/\\evil.example/",
        "http://testserver",
        "javascript:alert(1)",
        "learners/new/",
        "http://[",
    ],
)
def test_sign_in_leads_nowhere_that_another_site_names(idle: Client, came_from: str) -> None:
    page = send(idle, came_from)

    assert LOST in page_reading.text_of(page.content.decode())
    assert page.context["next"] == "/"


def test_nothing_is_said_to_be_lost_where_a_page_was_only_asked_for(idle: Client) -> None:
    page = idle.get(FORM, follow=True)

    assert page.context["next"] == FORM
    assert LOST not in page.content.decode()


def test_part_of_a_page_has_the_page_load_anew_and_says_nothing(idle: Client) -> None:
    answer = send(idle, f"http://testserver{FORM}", **{"HX-Request": "true"})

    assert answer["HX-Refresh"] == "true"
    assert LOST not in idle.get("/sign-in/").content.decode()
