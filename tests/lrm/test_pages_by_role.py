"""Every page of the LRM against everybody who may knock."""

import re

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lrm.models import LrmRole, Portal, User
from tests.support import builders

SIGN_IN = "sign-in"

# Page, then what happens for: LRM user, portal admin without LRM role, nobody signed in.
PAGES = [
    ("/", 200, 200, SIGN_IN),
    ("/search/", 200, 403, SIGN_IN),
    ("/search/?q=nobody", 200, 403, SIGN_IN),
    ("/learners/", 200, 403, SIGN_IN),
    ("/learners/new/", 200, 403, SIGN_IN),
    ("/learners/import/", 200, 403, SIGN_IN),
    ("/learners/import/template.csv", 200, 403, SIGN_IN),
    ("/learners/{learner}/", 200, 403, SIGN_IN),
    ("/learners/{learner}/edit/", 200, 403, SIGN_IN),
    ("/learners/{learner}/xero-contact/", 200, 403, SIGN_IN),
    ("/reports/", 403, 200, SIGN_IN),
    ("/reports/0442/", 403, 200, SIGN_IN),
    ("/reports/0442.csv", 403, 302, SIGN_IN),
    ("/reports/0442.xlsx", 403, 302, SIGN_IN),
    ("/reports/0442.json", 403, 302, SIGN_IN),
    ("/reports/0442/heal/", 403, 403, SIGN_IN),
    ("/notices/", 200, 200, SIGN_IN),
    ("/notices/bell/", 200, 200, SIGN_IN),
    ("/settings/", 200, 200, SIGN_IN),
    ("/settings/people/", 200, 200, SIGN_IN),
    ("/settings/edit/", 403, 200, SIGN_IN),
    ("/settings/people/invite/", 403, 200, SIGN_IN),
    ("/settings/webhooks/", 403, 200, SIGN_IN),
    ("/account/", 200, 200, SIGN_IN),
    ("/account/password/", 200, 200, SIGN_IN),
    ("/account/tokens/", 200, 200, SIGN_IN),
    ("/api/", 200, 200, SIGN_IN),
]


def people(portal: Portal) -> dict[str, User | None]:
    return {
        "user": builders.make_user(portal),
        "admin": builders.make_user(portal, portal_admin=True, role=LrmRole.NONE),
        "anonymous": None,
    }


@pytest.mark.parametrize(("address", "user", "admin", "anonymous"), PAGES)
def test_page_opens_or_explains_when_visited_by_each_role(
    portal: Portal, address: str, user: int, admin: int, anonymous: str
) -> None:
    learner = builders.make_learner(portal)
    address = address.format(learner=learner.id)
    expected = {"user": user, "admin": admin, "anonymous": anonymous}

    seen = {}
    for who, person in people(portal).items():
        response = builders.client_of(person).get(address)
        redirected = response.status_code == 302 and response["Location"].startswith("/sign-in/")
        seen[who] = SIGN_IN if redirected else response.status_code

    assert seen == expected


@pytest.mark.parametrize(
    "page", ["/learners/{}/", "/learners/{}/edit/", "/learners/{}/xero-contact/"]
)
def test_learner_is_not_found_when_the_visitor_belongs_to_another_portal(
    portal: Portal, page: str
) -> None:
    learner = builders.make_learner(portal, given_name="Hidden")
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    response = builders.client_of(stranger).get(page.format(learner.id))

    assert response.status_code == 404
    assert b"Hidden" not in response.content


def test_learner_is_unchanged_when_another_portals_user_posts_the_form(portal: Portal) -> None:
    learner = builders.make_learner(portal, given_name="Before")
    stranger = builders.make_user(builders.make_portal("Saltbush"))

    response = builders.client_of(stranger).post(
        f"/learners/{learner.id}/edit/",
        {"number": "X1", "given_name": "After", "family_name": "Thief"},
    )

    learner.refresh_from_db()
    assert response.status_code == 404
    assert learner.given_name == "Before"


def test_refusal_names_roles_and_people_of_the_same_portal_when_the_right_is_missing(
    portal: Portal,
) -> None:
    builders.make_user(portal, first_name="Sam", last_name="Banksia")
    other = builders.make_portal("Saltbush")
    builders.make_user(other, first_name="Kit", last_name="Mulga")
    admin = builders.make_user(portal, portal_admin=True, role=LrmRole.NONE)

    page = builders.client_of(admin).get("/learners/").content.decode()

    assert "LRM users and LRM admins" in page
    assert "Sam Banksia" in page
    assert "Kit Mulga" not in page


def test_every_page_explains_when_the_user_belongs_to_no_portal(db: None) -> None:
    nobody = builders.make_user(None, role=LrmRole.ADMIN, portal_admin=True)

    response = builders.client_of(nobody).get("/")

    assert response.status_code == 403
    assert b"belongs to no portal" in response.content


def test_navigation_shows_only_what_the_user_may_open(portal: Portal) -> None:
    staff = builders.make_user(portal)
    accounts = builders.make_user(portal, accounts=True)
    admin = builders.make_user(portal, portal_admin=True, role=LrmRole.NONE)

    def has(user: User, link: str) -> bool:
        return f'<a href="{link}"' in builders.client_of(user).get("/settings/").content.decode()

    assert [has(user, "/learners/") for user in (staff, accounts, admin)] == [True, True, False]
    assert [has(user, "/reports/") for user in (staff, accounts, admin)] == [False, True, True]


def test_sign_in_leads_back_to_the_page_asked_for(portal: Portal) -> None:
    user = builders.make_user(portal)
    client = Client()
    sign_in = client.get("/learners/?q=abc")["Location"]

    response = client.post(
        sign_in,
        {"username": user.username, "password": builders.PASSWORD, "next": "/learners/?q=abc"},
    )

    assert response["Location"] == "/learners/?q=abc"


def test_sign_in_stays_here_when_next_names_another_site(portal: Portal) -> None:
    user = builders.make_user(portal)

    response = Client().post(
        "/sign-in/",
        {"username": user.username, "password": builders.PASSWORD, "next": "//evil.example.com/"},
    )

    assert response["Location"] == "/"


def test_sign_in_explains_and_keeps_the_name_when_the_password_is_wrong(portal: Portal) -> None:
    user = builders.make_user(portal)

    response = Client().post("/sign-in/", {"username": user.username, "password": "wrong"})

    page = response.content.decode()
    assert "do not match an account" in page
    assert f'value="{user.username}"' in page


def test_sign_out_needs_a_post(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    got = client.get("/sign-out/")
    still_in = client.get("/").status_code
    client.post("/sign-out/")

    assert got.status_code == 405
    assert still_in == 200
    assert client.get("/").status_code == 302


def test_times_are_shown_in_the_portals_time_zone(db: None) -> None:
    portal = builders.make_portal(time_zone="Australia/Perth")
    client = builders.client_of(builders.make_user(portal))

    page = client.get("/settings/").content.decode()

    assert "+08:00" in page


@pytest.mark.parametrize("address", ["/no-such-page/", "/learners/999999999/"])
def test_missing_page_has_the_products_look(portal: Portal, address: str) -> None:
    client = builders.client_of(builders.make_user(portal))

    response = client.get(address)

    assert response.status_code == 404
    assert b"There is no such page" in response.content


def test_form_without_csrf_token_is_refused_with_a_sentence(portal: Portal) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(builders.make_user(portal))

    response = client.post("/learners/new/", {"number": "L1", "family_name": "Nobody"})

    assert response.status_code == 403
    assert b"This form has expired" in response.content
    assert not portal.learners.exists()


def test_server_error_page_renders_with_nothing_at_hand(db: None) -> None:
    page = render_to_string("500.html")

    assert "Something went wrong on our side" in page


def test_learner_page_costs_a_fixed_number_of_queries(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/learners/")
        return len(captured)

    builders.make_learner(portal)
    one = queries()
    for _ in range(20):
        builders.make_learner(portal)

    assert queries() == one


@pytest.mark.parametrize(
    ("address", "label"),
    [("/", "Dashboard"), ("/learners/", "Learners"), ("/settings/people/", "Settings")],
)
def test_navigation_says_where_one_is(portal: Portal, address: str, label: str) -> None:
    page = builders.client_of(builders.make_user(portal)).get(address).content.decode()

    current = re.findall(r'aria-current="(?:page|true)">.*?<span>([^<]+)</span>', page)
    assert label in current
    assert "Dashboard" not in current or label == "Dashboard"


def test_settings_mark_the_entry_that_is_open_and_no_other(portal: Portal) -> None:
    staff = builders.client_of(builders.make_user(portal))
    admin = builders.client_of(builders.make_user(portal, portal_admin=True))

    def current(address: str, person: Client = staff) -> set[str]:
        side = person.get(address).content.decode().partition('class="sub-side"')[2]
        found = re.findall(
            r'aria-current="\w+">.*?<span>([^<]+)</span>', side.partition("</nav>")[0]
        )
        return set(found)

    assert current("/settings/") == {"Portal details"}
    assert current("/settings/people/") == {"People"}
    # They may open it and see the state only; no entry of theirs leads there.
    assert current("/settings/connected-apps/") == set()
    assert current("/settings/connected-apps/", admin) == {"Connected Apps"}
    # What lies below another entry's address.
    assert current("/settings/connected-apps/xero/resync/", admin) == {"Re-syncs"}


def test_closed_door_is_titled_as_it_reads(portal: Portal) -> None:
    page = builders.client_of(builders.make_user(portal)).get("/settings/edit/").content.decode()

    assert "<title>You cannot open this page" in page
    assert "<h1>You cannot open this page</h1>" in page


def test_errors_are_in_the_title_and_have_the_focus(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    page = client.post("/learners/new/", {"number": ""}).content.decode()

    assert "<title>Error: Add learner" in page
    assert 'role="alert" tabindex="-1" autofocus' in page


def test_message_has_the_focus(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    page = client.post("/account/", {"last_name": "New"}, follow=True).content.decode()

    assert '<div class="messages" tabindex="-1" autofocus>' in page
