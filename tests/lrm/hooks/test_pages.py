"""Settings > Webhooks: the owner, the colleague and the stranger."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from pytest_django.fixtures import Settings

from lrm import old_rows
from lrm.hooks import endpoints, outbox
from lrm.models import HookEndpoint, HookMessage, HookState, LrmRole, Portal, PortalChange
from tests.support import builders
from tests.support.hook_receiver import Receiver
from tests.support.hooks import Desk

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"


def secret_on(page: Any) -> str:
    found = re.search(r'id="secret"[^>]* value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


@pytest.fixture
def client(desk: Desk) -> Client:
    return builders.client_of(desk.by)


def test_portal_admin_makes_an_endpoint_whose_secret_is_shown_once(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    page = client.post(PAGE, {"name": "Enrolments", "url": receiver.url})
    secret = secret_on(page)
    endpoint = HookEndpoint.objects.get()

    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert "no-store" in page.headers["Cache-Control"]
    for address in (PAGE, f"{PAGE}{endpoint.pk}/"):
        assert secret not in client.get(address).content.decode()
    kept = str(HookEndpoint.objects.values()) + str(PortalChange.objects.values())
    assert secret not in kept
    assert endpoints.secrets_of(endpoint, now=desk.clock()) == [secret]


def test_second_press_shows_the_same_new_secret_and_the_program_is_not_cut_off(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    endpoint, held = desk.make(receiver.url)
    own = f"{PAGE}{endpoint.pk}/secret/"

    first, second = secret_on(client.post(own)), secret_on(client.post(own))

    endpoint.refresh_from_db()
    assert second == first
    assert endpoints.secrets_of(endpoint, now=desk.clock()) == [first, held]
    assert PortalChange.objects.filter(act="HOOK_SECRET").count() == 1


def test_new_secret_takes_the_place_of_the_one_of_two_minutes_ago(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    first = secret_on(client.post(f"{PAGE}{endpoint.pk}/secret/"))
    HookEndpoint.objects.update(former_until=F("former_until") - timedelta(minutes=2))

    second = secret_on(client.post(f"{PAGE}{endpoint.pk}/secret/"))

    endpoint.refresh_from_db()
    assert second != first
    assert endpoints.secrets_of(endpoint, now=desk.clock()) == [second, first]


def test_second_press_makes_no_second_endpoint(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    form = {"name": "Enrolments", "url": receiver.url}

    first, second = secret_on(client.post(PAGE, form)), secret_on(client.post(PAGE, form))

    endpoint = HookEndpoint.objects.get()
    assert second == first
    assert endpoints.secrets_of(endpoint, now=desk.clock()) == [first]
    assert PortalChange.objects.filter(act="HOOK_MADE").count() == 1


@pytest.mark.parametrize("other", ["name", "person", "later"])
def test_endpoint_is_made_beside_one_that_only_resembles_it(
    desk: Desk, client: Client, receiver: Receiver, other: str
) -> None:
    form = {"name": "Enrolments", "url": receiver.url}
    desk.ahead = -timedelta(minutes=2 if other == "later" else 0)
    desk.make(receiver.url, name=form["name"])
    if other == "name":
        form["name"] = "Enrolments, north"
    if other == "person":
        client = builders.client_of(builders.make_user(desk.portal, portal_admin=True))

    client.post(PAGE, form)

    assert HookEndpoint.objects.count() == 2


def test_each_act_is_in_the_portals_changes(desk: Desk, client: Client, receiver: Receiver) -> None:
    client.post(PAGE, {"name": "Enrolments", "url": receiver.url})
    own = f"{PAGE}{HookEndpoint.objects.get().pk}/"
    client.post(f"{own}test/")
    desk.work()
    client.post(f"{own}messages/{HookMessage.objects.get().pk}/again/")
    desk.work()
    assert secret_on(client.post(f"{own}secret/"))
    client.post(f"{own}switch/", {"to": "off"})
    client.post(f"{own}switch/", {"to": "on"})
    client.post(f"{own}delete/")
    assert HookEndpoint.objects.exists()
    client.post(f"{own}delete/", {"sure": "yes"})

    changes = list(PortalChange.objects.order_by("id").values_list("act", "by"))
    acts = ("MADE", "TESTED", "AGAIN", "SECRET", "OFF", "ON", "DELETED")
    assert changes == [(f"HOOK_{act}", desk.by.pk) for act in acts]
    assert not HookEndpoint.objects.exists()
    first, second = receiver.got
    assert first.id == second.id


def test_log_says_what_was_answered_and_when_it_is_tried_again(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    receiver.answer = lambda got: 500
    desk.test(endpoint)
    desk.work()

    page = client.get(f"{PAGE}{endpoint.pk}/").content.decode()

    assert "500 Internal Server Error" in page
    assert "Not getting through" in page
    assert "Send again" in page


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "\u0665", ""])
def test_odd_place_in_the_log_shows_its_beginning(desk: Desk, client: Client, before: str) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    desk.test(endpoint)

    page = client.get(f"{PAGE}{endpoint.pk}/", {"before": before})

    assert page.status_code == 200
    assert "A test, sent by a person" in page.content.decode()


def test_log_is_read_page_by_page(desk: Desk, client: Client) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    things = [outbox.Thing(n, "INVOICE", f"/api/v1/documents/{n}/", f"N-{n}") for n in range(60)]
    outbox.note(portal_id=desk.portal.pk, type="document.changed", things=things, now=desk.clock())

    first = client.get(f"{PAGE}{endpoint.pk}/").content.decode()
    older = re.search(r'href="(\?before=\d+)"', first)
    assert older is not None
    second = client.get(f"{PAGE}{endpoint.pk}/{older[1]}").content.decode()

    shown = [set(re.findall(r"N-\d+", page)) for page in (first, second)]
    assert (len(shown[0]), len(shown[1])) == (50, 10)
    assert not shown[0] & shown[1]


def test_local_address_is_refused_at_the_form(
    desk: Desk, client: Client, settings: Settings
) -> None:
    settings.WEBHOOK_LOCAL_TARGETS = False

    page = client.post(PAGE, {"name": "Metadata", "url": "https://169.254.169.254/latest/"})

    assert page.status_code == 422
    assert "private or local network" in page.content.decode()
    assert not HookEndpoint.objects.exists()


def test_portal_has_no_more_endpoints_than_it_may(desk: Desk, client: Client) -> None:
    for number in range(endpoints.MOST_ENDPOINTS):
        desk.make(f"http://127.0.0.1:9/{number}")

    page = client.post(PAGE, {"name": "One more", "url": "http://127.0.0.1:9/"})

    assert page.status_code == 422
    assert HookEndpoint.objects.count() == endpoints.MOST_ENDPOINTS


def test_colleague_is_told_who_may_and_a_stranger_finds_nothing(desk: Desk, portal: Portal) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    message = desk.test(endpoint)
    own = f"{PAGE}{endpoint.pk}/"
    acts = ("switch", "secret", "types", "test", "delete", f"messages/{message.pk}/again")
    colleague = builders.client_of(builders.make_user(portal, role=LrmRole.ADMIN, accounts=True))
    stranger = builders.client_of(
        builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)
    )

    assert colleague.get(PAGE).status_code == 403
    assert "Portal admins" in colleague.get(own).content.decode()
    assert {colleague.post(f"{own}{act}/").status_code for act in acts} == {403}
    assert {stranger.post(f"{own}{act}/").status_code for act in acts} == {404}
    assert stranger.get(own).status_code == 404
    assert "Enrolments" not in stranger.get(PAGE).content.decode()
    endpoint.refresh_from_db()
    assert endpoint.is_on
    assert endpoint.messages.count() == 1


def test_message_of_another_endpoint_is_not_sent_again(desk: Desk, client: Client) -> None:
    first, _ = desk.make("http://127.0.0.1:9/1")
    second, _ = desk.make("http://127.0.0.1:9/2")
    message = desk.test(second)

    answer = client.post(f"{PAGE}{first.pk}/messages/{message.pk}/again/")

    assert answer.status_code == 404


def test_secrets_outlive_the_key_that_sealed_them(
    desk: Desk, settings: Settings, receiver: Receiver
) -> None:
    endpoint, former = desk.make(receiver.url)
    current = endpoints.rotate(endpoint=endpoint, by=desk.by, now=desk.clock())
    old_keys = list(settings.TOKEN_ENCRYPTION_KEYS)
    new_key = "bmV3LWtleS1vZi1hLXRlc3Qtd2l0aC0zMi1ieXRlcyE="

    settings.TOKEN_ENCRYPTION_KEYS = [new_key, *old_keys]
    call_command("rotate_token_keys")
    settings.TOKEN_ENCRYPTION_KEYS = [new_key]

    endpoint.refresh_from_db()
    assert endpoints.secrets_of(endpoint, now=desk.clock()) == [current, former]


def test_log_is_forgotten_after_its_days_and_what_waits_is_not(desk: Desk) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    taken, waiting = desk.test(endpoint), desk.test(endpoint)
    old = desk.clock() - timedelta(days=31)
    HookMessage.objects.update(at=old)
    HookMessage.objects.filter(pk=taken.pk).update(state=HookState.TAKEN)

    old_rows.delete(outbox.TABLE, days=30, now=desk.clock())
    left = list(endpoint.messages.all())
    endpoints.switch_off(endpoint=endpoint, by=desk.by, now=desk.clock())
    old_rows.delete(outbox.TABLE, days=30, now=desk.clock())

    assert left == [waiting]
    assert not endpoint.messages.exists()
