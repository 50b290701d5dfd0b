"""Who is woken for a delivery, who unpacks it beside others, and what the log says of it."""

import logging
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from lrm.waking import worker_tasks
from tests.support import webhook_posts
from tests.support.broker import Broker, Message
from tests.support.linked import Linked, clock
from xero_sync import tasks
from xero_sync.models import Delivery, WebhookEvent
from xero_sync.webhooks import deliveries

UNPACK: Message = ("xero_sync.tasks.unpack_deliveries", [])


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let the keys be good that tests sign with."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS


@pytest.fixture
def broker(transactional_db: None) -> Broker:
    """Empty queues, and nobody of late who was woken together with others."""
    time.sleep(2 * worker_tasks.TOGETHER_SECONDS)
    found = Broker()
    found.lose_all()
    return found


def test_delivery_wakes_a_worker_at_once(broker: Broker) -> None:
    body = webhook_posts.envelope()

    webhook_posts.post(body, webhook_posts.sign(body))

    assert UNPACK in broker.waiting()


def test_beat_wakes_for_a_delivery_whose_message_was_lost(broker: Broker) -> None:
    body = webhook_posts.envelope()
    webhook_posts.post(body, webhook_posts.sign(body))
    broker.lose_all()

    tasks.wake_all()

    assert UNPACK in broker.waiting()


def test_delivery_that_another_worker_has_keeps_nobody_waiting(broker: Broker) -> None:
    taken, free = (
        Delivery.objects.create(received_at=clock(), body=webhook_posts.envelope())
        for _ in range(2)
    )
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM xero_sync_delivery WHERE id = %s FOR UPDATE", [taken.pk])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            deliveries.unpack(now=clock())
    finally:
        other.close()

    assert list(Delivery.objects.filter(unpacked_at=None)) == [taken]
    free.refresh_from_db()
    assert not free.problem


def test_words_that_are_longer_than_ours_are_cut_and_the_event_is_kept(linked: Linked) -> None:
    """Also by a single letter."""
    told = webhook_posts.event(
        linked, "A" * 61, linked.tenant, eventType="B" * 31, resourceUrl="C" * 9000
    )

    webhook_posts.deliver(told)
    deliveries.unpack(now=clock())

    event = WebhookEvent.objects.get()
    assert (event.category, event.event_type) == ("A" * 60, "B" * 30)
    assert not Delivery.objects.get().problem


@pytest.mark.django_db
def test_log_says_how_many_changes_a_delivery_names_under_its_correlation_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    delivery = Delivery.objects.create(
        received_at=clock(),
        body=b'{"events": [{"resourceId": "x"}, {"resourceId": "y"}]}',
        correlation_id=uuid4(),
    )

    with caplog.at_level(logging.INFO):
        deliveries.unpack(now=clock())

    assert f"Delivery {delivery.pk} names 2 changes" in caplog.messages
