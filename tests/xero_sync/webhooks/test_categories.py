"""Categories of webhooks: those not opted into, those not heard of, and those of the app itself."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import builders, webhook_receiver, xero, xero_documents
from tests.support.linked import Linked, clock
from xero_sync.models import EventState, WebhookEvent
from xero_sync.webhooks import deliveries


def announce(linked: Linked, settings: Settings, do: Any, **subscription: Any) -> None:
    """Let something happen in Xero, and take the webhooks of it as they are sent."""
    settings.XERO_WEBHOOK_KEYS = [webhook_receiver.KEY]
    with webhook_receiver.listening() as listener:
        given = {"url": listener.url, "key": webhook_receiver.KEY, "enabled": True}
        linked.world.do("webhooks", **given, **subscription)
        do()
        linked.world.do("webhooks/flush")
        linked.world.do("webhooks", enabled=False)
    for post in listener.posts:
        answer = Client().post(
            "/webhooks/xero/",
            post.body,
            content_type="application/json",
            headers={"x-xero-signature": post.signature},
        )
        assert answer.status_code == 200


def test_category_that_was_not_opted_into_is_found_by_sweep(
    linked: Linked, settings: Settings
) -> None:
    linked.sweep()
    linked.world.do("clock", advance_seconds=600)
    invoice = next(one for one in xero_documents.invoices(linked) if one["amount_due"] != "0.00")

    def receive_twice() -> None:
        for act in ("raise", "overpayment"):
            given = {"contact_id": invoice["contact_id"], "amount": "25.50"}
            linked.world.do("documents", tenant=linked.tenant, act=act, **given)

    announce(linked, settings, receive_twice, categories=["INVOICE"])
    linked.take_events()
    told = {event.category for event in WebhookEvent.objects.filter(delivery__isnull=False)}
    before = Document.objects.filter(kind="OVERPAYMENT", total="25.50").count()
    linked.sweep()

    assert told == {"INVOICE"}
    assert Document.objects.filter(kind="INVOICE", total="25.50").exists()
    assert before == 0
    assert Document.objects.filter(kind="OVERPAYMENT", total="25.50").count() == 1


def test_category_not_heard_of_is_stored_and_shown_on_the_card(
    linked: Linked, settings: Settings
) -> None:
    def send_quotes() -> None:
        for _ in range(3):
            linked.world.do("webhooks/events", eventCategory="QUOTE", tenantId=linked.tenant)

    announce(linked, settings, send_quotes)
    deliveries.unpack(now=clock())
    client = builders.client_of(linked.manager)
    card = client.get(xero.PAGE).content.decode()
    updates = client.get(f"{xero.PAGE}xero/events/").content.decode()

    stored = WebhookEvent.objects.all()
    assert {(one.category, one.state) for one in stored} == {("QUOTE", EventState.IGNORED)}
    assert "QUOTE (3); nothing of this is kept here" in card
    assert "Quote (not kept here)" in updates


@pytest.mark.parametrize("of_organisation", [False, True])
def test_event_of_the_apps_own_subscription_is_kept_apart(
    linked: Linked, settings: Settings, of_organisation: bool
) -> None:
    app_id = "5eed0000-0000-4000-8000-00000000a99a"
    given = {
        "eventCategory": "SUBSCRIPTION",
        "tenantType": "APPLICATION",
        # The two ids are of one form, so that one may be taken for the other.
        "tenantId": linked.tenant if of_organisation else app_id,
    }
    announce(linked, settings, lambda: linked.world.do("webhooks/events", **given))

    assert deliveries.unpack(now=clock()) == set()

    stored = WebhookEvent.objects.get()
    assert stored.state == EventState.IGNORED
    assert "app's own subscription" in stored.note
