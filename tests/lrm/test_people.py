"""People: invited by mail, given rights, switched off; and what each changes about themselves."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from lrm.models import LrmRole, Portal, PortalChange, User
from lrm.people import own_account
from tests.support import builders

pytestmark = pytest.mark.django_db
NEW = "a-quite-new-password-7"


@pytest.fixture
def admin(portal: Portal) -> User:
    return builders.make_user(portal, username="ada", portal_admin=True)


@pytest.fixture
def client(admin: User) -> Client:
    return builders.client_of(admin)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Let what waits for the commit happen."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def typed(**more: str) -> dict[str, str]:
    return {
        "first_name": "Nia",
        "last_name": "New",
        "email": "nia@example.com",
        "lrm_role": "USER",
        **more,
    }


def link_in(message: Any) -> str:
    found = re.search(r"http://[^/]+(/\S+)", message.body)
    assert found is not None
    return found[1]


def set_password(link: str, password: str = NEW) -> Any:
    """Open the link as a person does, who is sent to the form, and fill that in."""
    visitor = Client()
    form = visitor.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    return visitor.post(address, {"new_password1": password, "new_password2": password})


def acts() -> list[str]:
    return list(PortalChange.objects.order_by("id").values_list("act", flat=True))


def test_invited_person_sets_a_password_and_signs_in_with_their_rights(
    client: Client, portal: Portal, committed: Any
) -> None:
    with committed():
        answer = client.post("/settings/people/invite/", typed(is_accounts="on"))
    assert answer.status_code == 302
    (message,) = mail.outbox
    assert message.to == ["nia@example.com"]

    assert set_password(link_in(message)).status_code == 302

    user = User.objects.get(username="nia@example.com")
    assert (user.portal, user.lrm_role, user.is_accounts) == (portal, LrmRole.USER, True)
    assert not user.is_portal_admin
    assert Client().login(username="nia@example.com", password=NEW)
    assert acts() == ["INVITED", "PASSWORD"]
    assert NEW not in str(list(PortalChange.objects.values()))


def test_user_name_in_wide_letters_is_one_to_sign_in_with(client: Client, committed: Any) -> None:
    with committed():
        answer = client.post("/settings/people/invite/", typed(username="\uff4eia"))
    assert answer.status_code == 302
    set_password(link_in(mail.outbox[0]))

    signed_in = Client().post("/sign-in/", {"username": "\uff4eia", "password": NEW})

    assert User.objects.get(email="nia@example.com").username == "nia"
    assert signed_in.status_code == 302


def test_page_and_mail_say_for_how_long_the_link_works(client: Client, committed: Any) -> None:
    with committed():
        answer = client.post("/settings/people/invite/", typed(), follow=True)

    (message,) = mail.outbox
    assert "works for 24 hours" in message.body
    assert "for 24 hours" in answer.content.decode()


def test_link_works_once(client: Client, committed: Any) -> None:
    with committed():
        client.post("/settings/people/invite/", typed())
    link = link_in(mail.outbox[0])
    set_password(link)

    again = Client().get(link, follow=True)

    assert "does not work any more" in again.content.decode()


def test_weak_password_is_explained_and_not_set(client: Client, committed: Any) -> None:
    with committed():
        client.post("/settings/people/invite/", typed())

    answer = set_password(link_in(mail.outbox[0]), "12345678")

    assert answer.status_code == 422
    assert "<title>Error: " in answer.content.decode()
    assert not User.objects.get(email="nia@example.com").has_usable_password()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "ada"}, "Somebody signs in by this name already"),
        ({"email": "nia"}, "Enter a valid email address"),
        ({"email": "a" * 150 + "@example.com"}, "too long to sign in with. Enter a user name"),
        ({"last_name": ""}, "This field is required"),
        ({"lrm_role": "OWNER"}, "Select a valid choice"),
    ],
)
def test_wrong_invitation_is_explained_and_sends_nothing(
    client: Client, committed: Any, wrong: dict[str, str], said: str
) -> None:
    with committed():
        answer = client.post("/settings/people/invite/", typed(**wrong))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "<title>Error: " in page
    assert mail.outbox == []
    assert acts() == []


def test_rights_are_changed_and_noted(client: Client, portal: Portal) -> None:
    staff = builders.make_user(portal)

    client.post(f"/settings/people/{staff.pk}/", {"lrm_role": "NONE", "is_portal_admin": "on"})

    staff.refresh_from_db()
    change = PortalChange.objects.get()
    assert (staff.lrm_role, staff.is_portal_admin) == ("NONE", True)
    assert change.detail == "LRM user; now Portal admin, No LRM access"
    assert change.by_name == "ada"
    assert builders.client_of(staff).get("/learners/").status_code == 403


@pytest.mark.parametrize("other", ["none", "switched off", "invited"])
def test_last_portal_admin_who_can_sign_in_stays_one(
    client: Client, admin: User, portal: Portal, other: str
) -> None:
    if other != "none":
        second = builders.make_user(portal, portal_admin=True, is_active=other != "switched off")
        if other == "invited":
            second.set_unusable_password()
            second.save()

    answer = client.post(f"/settings/people/{admin.pk}/", {"lrm_role": "USER"})

    admin.refresh_from_db()
    assert answer.status_code == 422
    assert "only portal admin who can sign in" in answer.content.decode()
    assert admin.is_portal_admin
    assert acts() == []


def test_portal_admin_may_step_down_where_another_can_sign_in(
    client: Client, admin: User, portal: Portal
) -> None:
    builders.make_user(portal, portal_admin=True)

    client.post(f"/settings/people/{admin.pk}/", {"lrm_role": "USER"})

    admin.refresh_from_db()
    assert not admin.is_portal_admin


def test_switched_off_person_is_signed_out_at_once_and_may_come_back(
    client: Client, portal: Portal
) -> None:
    staff = builders.make_user(portal)
    theirs = builders.client_of(staff)
    assert theirs.get("/").status_code == 200

    client.post(f"/settings/people/{staff.pk}/switch-off/")

    assert theirs.get("/").status_code == 302
    assert not Client().login(username=staff.username, password=builders.PASSWORD)
    client.post(f"/settings/people/{staff.pk}/switch-on/")
    assert Client().login(username=staff.username, password=builders.PASSWORD)
    assert acts() == ["SWITCHED_OFF", "SWITCHED_ON"]


def test_nobody_switches_themselves_off(client: Client, admin: User, portal: Portal) -> None:
    builders.make_user(portal, portal_admin=True)

    client.post(f"/settings/people/{admin.pk}/switch-off/")

    admin.refresh_from_db()
    assert admin.is_active


def test_new_password_link_leaves_the_old_password_until_it_is_used(
    client: Client, portal: Portal, committed: Any
) -> None:
    staff = builders.make_user(portal)

    with committed():
        answer = client.post(f"/settings/people/{staff.pk}/password-link/")

    assert answer.status_code == 302
    staff.refresh_from_db()
    assert staff.check_password(builders.PASSWORD)
    set_password(link_in(mail.outbox[0]))
    assert not Client().login(username=staff.username, password=builders.PASSWORD)
    assert Client().login(username=staff.username, password=NEW)


ACTS = ["", "switch-off/", "switch-on/", "password-link/"]


@pytest.mark.parametrize("act", ACTS)
def test_colleague_may_not_and_reads_who_can(portal: Portal, admin: User, act: str) -> None:
    staff = builders.make_user(portal)

    answer = builders.client_of(staff).post(
        f"/settings/people/{staff.pk}/{act}", {"lrm_role": "ADMIN", "is_portal_admin": "on"}
    )

    staff.refresh_from_db()
    assert answer.status_code == 403
    assert "ada" in answer.content.decode()
    assert not staff.is_portal_admin
    assert acts() == []


@pytest.mark.parametrize("act", ACTS)
def test_person_of_another_portal_does_not_exist(client: Client, act: str) -> None:
    theirs = builders.make_user(builders.make_portal("Saltbush"))

    answer = client.post(f"/settings/people/{theirs.pk}/{act}", {"lrm_role": "NONE"})

    theirs.refresh_from_db()
    assert answer.status_code == 404
    assert (theirs.is_active, theirs.lrm_role) == (True, LrmRole.USER)


@pytest.mark.parametrize("act", ["switch-off/", "switch-on/", "password-link/"])
def test_nothing_changes_by_opening_an_address(client: Client, portal: Portal, act: str) -> None:
    staff = builders.make_user(portal)

    assert client.get(f"/settings/people/{staff.pk}/{act}").status_code == 405


def test_own_name_is_changed(portal: Portal) -> None:
    staff = builders.make_user(portal)

    builders.client_of(staff).post("/account/", {"first_name": "Sam", "last_name": "Sand"})

    staff.refresh_from_db()
    assert str(staff) == "Sam Sand"
    assert acts() == ["NAME"]


def test_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(
    portal: Portal, committed: Any
) -> None:
    staff = builders.make_user(portal)
    before = staff.email
    client = builders.client_of(staff)

    with committed():
        client.post("/account/email/", {"email": "new@example.com"})
    link = link_in(mail.outbox[0])
    assert client.get(link).status_code == 200
    staff.refresh_from_db()
    assert staff.email == before
    with committed():
        client.post(link)

    staff.refresh_from_db()
    assert staff.email == "new@example.com"
    assert [message.to for message in mail.outbox] == [["new@example.com"], [before]]
    assert client.post(link).status_code == 410


def test_link_of_somebody_else_confirms_nothing(portal: Portal, committed: Any) -> None:
    staff, other = builders.make_user(portal), builders.make_user(portal)
    with committed():
        builders.client_of(staff).post("/account/email/", {"email": "new@example.com"})
    link = link_in(mail.outbox[0])

    answers = [
        builders.client_of(other).post(link).status_code,
        builders.client_of(staff).post(link[:-3] + "x/").status_code,
    ]

    other.refresh_from_db()
    assert answers == [410, 410]
    assert other.email != "new@example.com"


def test_link_confirms_nothing_after_three_days(portal: Portal, committed: Any) -> None:
    staff, now = builders.make_user(portal), timezone.now()
    with committed():
        own_account.ask_to_confirm(user=staff, email="new@example.com", now=now)
    token = link_in(mail.outbox[0]).split("/")[-2]

    days = (timedelta(), timedelta(days=3), timedelta(days=3, seconds=1))
    found = [own_account.address_in(token, user=staff, now=now + later) for later in days]

    assert found == ["new@example.com", "new@example.com", None]


@pytest.mark.parametrize("token", ["x", "nonsense", "%C3%A9", "A" * 60])
def test_link_that_is_none_of_ours_confirms_nothing(portal: Portal, token: str) -> None:
    client = builders.client_of(builders.make_user(portal))

    assert client.get(f"/account/email/{token}/").status_code == 410


def test_own_password_is_changed_and_other_sessions_end(portal: Portal) -> None:
    staff = builders.make_user(portal)
    here, there = builders.client_of(staff), builders.client_of(staff)

    wrong = here.post(
        "/account/password/",
        {"old_password": "not it", "new_password1": NEW, "new_password2": NEW},
    )
    right = here.post(
        "/account/password/",
        {"old_password": builders.PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert acts() == ["PASSWORD"]


def test_signing_out_everywhere_else_leaves_this_session(portal: Portal) -> None:
    staff = builders.make_user(portal)
    here, there = builders.client_of(staff), builders.client_of(staff)

    here.post("/account/sign-out-others/")

    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    staff.refresh_from_db()
    assert builders.client_of(staff).get("/").status_code == 200


def test_portal_details_are_changed_by_admins(client: Client, portal: Portal) -> None:
    answer = client.post(
        "/settings/edit/",
        {"name": "Bluebush", "time_zone": "Pacific/Auckland", "financial_year_first_month": "4"},
    )

    portal.refresh_from_db()
    assert answer.status_code == 302
    assert (portal.name, portal.time_zone) == ("Bluebush", "Pacific/Auckland")
    assert portal.financial_year_first_month == 4
    assert "Begins in April" in client.get("/settings/").content.decode()
    assert acts() == ["PORTAL"]


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"time_zone": "Sydney"}, {"financial_year_first_month": "13"}],
)
def test_wrong_portal_details_are_explained(
    client: Client, portal: Portal, wrong: dict[str, str]
) -> None:
    fine = {"name": "X", "time_zone": "Australia/Perth", "financial_year_first_month": "7"}

    answer = client.post("/settings/edit/", {**fine, **wrong})

    portal.refresh_from_db()
    assert answer.status_code == 422
    assert portal.time_zone == "Australia/Sydney"


def test_two_admins_cannot_take_each_others_rights(portal: Portal, admin: User) -> None:
    second = builders.make_user(portal, portal_admin=True)
    of_second = builders.client_of(second)

    builders.client_of(admin).post(f"/settings/people/{second.pk}/", {"lrm_role": "USER"})
    # A session ends with the rights it was opened with; and a new one has no more.
    signed_out = of_second.post(f"/settings/people/{admin.pk}/", {"lrm_role": "USER"})
    second.refresh_from_db()
    answer = builders.client_of(second).post(f"/settings/people/{admin.pk}/", {"lrm_role": "USER"})

    admin.refresh_from_db()
    assert signed_out.headers["Location"].startswith("/sign-in/")
    assert answer.status_code == 403
    assert admin.is_portal_admin
