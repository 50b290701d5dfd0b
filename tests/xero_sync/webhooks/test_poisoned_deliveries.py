"""A signed delivery that cannot be taken apart is put aside and shown; all others go on."""

import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from tests.support import webhook_posts
from tests.support.linked import Linked, clock
from tests.support.xero_documents import invoice_ids
from xero_sync.models import Delivery, WebhookEvent
from xero_sync.webhooks import deliveries

# Grows when it is put in capitals: sixty of them become a hundred and twenty letters.
GROWING = "ß" * 60
DEEPER = b"[" * 100_000


def nested(levels: int) -> bytes:
    """Return an envelope of one event with a character inside that PostgreSQL cannot hold."""
    return b'{"events":[' + b'{"a":' * levels + b'"\\u0000"' + b"}" * levels + b"]}"


# Deeper than Python's parser went before 3.12, and than any goes.
DEEP, DEEPEST = nested(600), nested(100_000)


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let the keys be good that tests sign with."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS


def deliver(body: bytes) -> None:
    assert webhook_posts.post(body, webhook_posts.sign(body)).status_code == 200


def poison(linked: Linked, kind: str) -> bytes:
    growing = webhook_posts.event(linked, "INVOICE", linked.tenant, eventCategory=GROWING)
    odd = {"deep": DEEP, "deepest": DEEPEST, "deeper": DEEPER}
    return odd.get(kind) or webhook_posts.envelope(growing)


@pytest.mark.parametrize("kind", ["growing", "deep", "deeper", "deepest"])
def test_deliveries_around_an_odd_one_are_unpacked(linked: Linked, kind: str) -> None:
    before, after = invoice_ids(linked, 2)
    deliver(webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", before)))
    deliver(poison(linked, kind))
    deliver(webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", after)))

    deliveries.unpack(now=clock())

    assert not deliveries.are_waiting()
    named = WebhookEvent.objects.filter(resource_id__in=[before, after])
    assert named.count() == 2


@pytest.mark.parametrize("kind", ["deeper", "deepest"])
def test_what_cannot_be_taken_apart_is_kept_with_the_reason_and_shown(
    linked: Linked, kind: str
) -> None:
    deliver(poison(linked, kind))

    deliveries.unpack(now=clock())

    delivery = Delivery.objects.get()
    assert delivery.problem
    assert bytes(delivery.body) == poison(linked, kind)
    shown = Client().get("/readyz").json()["checks"]["xero_sync"]
    assert shown["deliveries_put_aside"] == 1


@pytest.fixture
def refusing_database() -> Iterator[None]:
    """Let the database refuse a category: it stands for whatever nobody thought of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE xero_sync_event ADD CONSTRAINT test_poison CHECK (category <> 'POISON')"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE xero_sync_event DROP CONSTRAINT test_poison")


def test_what_the_database_refuses_is_put_aside_alone(
    linked: Linked, refusing_database: None
) -> None:
    good, bad = invoice_ids(linked, 2)
    poison = webhook_posts.event(linked, "POISON", bad)
    deliver(webhook_posts.envelope(poison, webhook_posts.event(linked, "INVOICE", bad)))
    deliver(webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", good)))

    deliveries.unpack(now=clock())

    assert not deliveries.are_waiting()
    assert list(WebhookEvent.objects.values_list("resource_id", flat=True)) == [UUID(good)]
    assert Delivery.objects.exclude(problem="").count() == 1


def test_log_names_the_delivery_that_is_put_aside_and_nothing_that_it_holds(
    linked: Linked, refusing_database: None, caplog: pytest.LogCaptureFixture
) -> None:
    (bad,) = invoice_ids(linked, 1)
    deliver(webhook_posts.envelope(webhook_posts.event(linked, "POISON", bad)))

    deliveries.unpack(now=clock())

    (told,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    number = Delivery.objects.get().pk
    assert told.getMessage() == f"Delivery {number} was put aside: IntegrityError"
    assert bad not in caplog.text


def test_large_signed_delivery_is_taken(linked: Linked) -> None:
    (named,) = invoice_ids(linked, 1)
    event = webhook_posts.event(linked, "INVOICE", named)
    body = json.dumps({"events": [event], "entropy": "M" * 4_000_000}).encode()

    deliver(body)

    deliveries.unpack(now=clock())
    assert WebhookEvent.objects.filter(resource_id=named).count() == 1
