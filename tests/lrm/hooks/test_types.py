"""Which types of message an endpoint gets: chosen by a portal admin, all of them at first."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from connected_apps.models import Organisation
from lrm.hooks import event_types, outbox
from lrm.models import HookEndpoint, Portal, PortalChange
from lrm.watching import metrics
from tests.support import builders, document_builders
from tests.support.hook_receiver import Receiver
from tests.support.hooks import Desk
from xero_sync.resources import Resource
from xero_sync.store import document_messages

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"
CHOSEN = [event_types.RUN_ENDED, event_types.CONNECTION_BROKE]


@pytest.fixture
def client(desk: Desk) -> Client:
    return builders.client_of(desk.by)


def tell(desk: Desk, *types: str) -> None:
    """Have the portal's endpoints told of something of each type."""
    for type in types:
        thing = outbox.Thing(1, "made-up", "/api/v1/connection/")
        outbox.note(portal_id=desk.portal.pk, type=type, things=[thing], now=desk.clock())


def choose(client: Client, endpoint: HookEndpoint, types: list[str]) -> int:
    """Press *Save* on the endpoint's page with these boxes ticked; return the answer's status."""
    return client.post(f"{PAGE}{endpoint.pk}/types/", {"types": types}).status_code


def ticked(client: Client, endpoint: HookEndpoint) -> dict[str, bool]:
    """Return which types stand on the page, and whether they are ticked."""
    page = client.get(f"{PAGE}{endpoint.pk}/").content.decode()
    boxes = re.findall(r'<input type="checkbox" name="types"[^>]*>', page)
    values = [re.search(r'value="([^"]+)"', one) for one in boxes]
    return {one[1]: "checked" in box for one, box in zip(values, boxes, strict=True) if one}


def told(endpoint: HookEndpoint) -> list[str]:
    return sorted(endpoint.messages.values_list("type", flat=True))


def test_endpoint_gets_every_type_until_somebody_chooses(desk: Desk, client: Client) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")

    tell(desk, *event_types.CHOSEN_FROM)

    assert told(endpoint) == sorted(event_types.CHOSEN_FROM)
    assert ticked(client, endpoint) == dict.fromkeys(event_types.CHOSEN_FROM, True)
    assert set(event_types.CHOSEN_FROM) == set(event_types.WORDS) - {event_types.TEST}


def test_endpoint_gets_what_was_chosen_and_others_get_all(desk: Desk, client: Client) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/1")
    other, _ = desk.make("http://127.0.0.1:9/2")

    assert choose(client, endpoint, CHOSEN) == 302
    tell(desk, *event_types.CHOSEN_FROM)

    assert told(endpoint) == sorted(CHOSEN)
    assert told(other) == sorted(event_types.CHOSEN_FROM)
    assert ticked(client, endpoint) == {one: one in CHOSEN for one in event_types.CHOSEN_FROM}
    change = PortalChange.objects.get(act="HOOK_TYPES")
    assert change.by == desk.by
    assert event_types.WORDS[event_types.RUN_ENDED] in change.detail
    assert event_types.WORDS[event_types.DOCUMENT_CHANGED] not in change.detail


def test_page_that_stores_documents_asks_whether_anybody_wants_them(
    desk: Desk, client: Client, portal: Portal
) -> None:
    organisation: Organisation = document_builders.make_organisation(portal)
    document = document_builders.make_document(organisation)
    endpoint, _ = desk.make("http://127.0.0.1:9/")

    def store() -> None:
        document_messages.note(
            organisation_id=organisation.pk,
            resource=Resource.INVOICE,
            touched_ids=[str(document.xero_id)],
            now=desk.clock(),
        )

    store()
    choose(client, endpoint, CHOSEN)
    store()

    assert told(endpoint) == [event_types.DOCUMENT_CHANGED]


def test_choosing_all_again_means_those_of_later_releases_too(desk: Desk, client: Client) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    choose(client, endpoint, CHOSEN)

    choose(client, endpoint, list(event_types.CHOSEN_FROM))
    tell(desk, "made.up.later")

    assert told(endpoint) == ["made.up.later"]
    assert PortalChange.objects.filter(act="HOOK_TYPES").count() == 2
    choose(client, endpoint, list(event_types.CHOSEN_FROM))
    assert PortalChange.objects.filter(act="HOOK_TYPES").count() == 2


@pytest.mark.parametrize(
    ("types", "said"),
    [([], "Choose at least one"), (["endpoint.test"], "endpoint.test"), (["made.up"], "made.up")],
)
def test_odd_choice_is_refused_and_said(
    desk: Desk, client: Client, types: list[str], said: str
) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")

    answer = client.post(f"{PAGE}{endpoint.pk}/types/", {"types": types})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not PortalChange.objects.filter(act="HOOK_TYPES").exists()
    tell(desk, event_types.DOCUMENT_CHANGED)
    assert told(endpoint) == [event_types.DOCUMENT_CHANGED]


def test_what_waits_of_a_type_that_is_chosen_no_more_is_left_out_and_the_test_is_sent(
    desk: Desk, client: Client, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    tell(desk, event_types.DOCUMENT_CHANGED, event_types.RUN_ENDED)

    choose(client, endpoint, CHOSEN)
    desk.test(endpoint)
    desk.work()

    got = sorted(one.content["type"] for one in receiver.got)
    assert got == [event_types.TEST, event_types.RUN_ENDED]
    assert "Left out" in client.get(f"{PAGE}{endpoint.pk}/").content.decode()
    left_out = endpoint.messages.get(type=event_types.DOCUMENT_CHANGED)
    again = f"{PAGE}{endpoint.pk}/messages/{left_out.pk}/again/"
    answer = client.post(again, follow=True).content.decode()
    assert "does not get messages of this type" in answer
    choose(client, endpoint, list(event_types.CHOSEN_FROM))
    client.post(again)
    desk.work()
    assert len(receiver.got) == 3


def figures() -> dict[str, float]:
    """Return what Prometheus is shown of messages that wait."""
    rows = re.findall(r"^(lrm_hook_\S+) (\S+)$", metrics.page().decode(), re.M)
    return {name: float(value) for name, value in rows}


def test_metrics_tell_messages_that_wait_for_a_worker_from_those_a_receiver_does_not_take(
    desk: Desk, receiver: Receiver
) -> None:
    count, age = "lrm_hook_messages_waiting", "lrm_hook_message_age_seconds"
    worker, other = '{waits_for="worker"}', '{waits_for="receiver"}'
    assert set(figures().values()) == {0}
    endpoint, _ = desk.make(receiver.url)
    tell(desk, event_types.RUN_ENDED, event_types.RUN_ENDED)
    desk.test(endpoint)
    past = desk.clock() - timedelta(minutes=10)
    endpoint.messages.filter(type=event_types.RUN_ENDED).update(due_at=past, waits_since=past)

    found = figures()

    assert (found[count + worker], found[count + other]) == (3, 0)
    assert 600 <= found[age + worker] < 1200
    receiver.answer = lambda got: 500
    desk.work()
    found = figures()
    assert (found[count + worker], found[count + other]) == (0, 3)
    assert found[age + worker] == 0
    assert 600 <= found[age + other] < 1200
    endpoint.refresh_from_db()
    HookEndpoint.objects.update(is_on=False)
    assert set(figures().values()) == {0}
