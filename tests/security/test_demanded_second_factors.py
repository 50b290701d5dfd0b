"""The second factor, decided on by others: a portal demands it, a portal admin resets it."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from lrm.models import Portal, PortalChange, SecondFactor, User
from tests.security import made_up_requests
from tests.support import builders, second_factors
from tests.support.second_factors import enter_password, is_signed_in, sure

pytestmark = pytest.mark.django_db
PAGE = "/account/second-factor/"


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
