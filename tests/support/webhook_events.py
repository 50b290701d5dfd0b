"""Events as rows that wait, and a worker's turn at them."""

from datetime import timedelta

from tests.support.linked import Linked, clock
from tests.support.passing import Time
from xero_sync.models import Delivery, WebhookEvent
from xero_sync.webhooks import event_processing


def tell(linked: Linked, category: str, resource_id: str, now: Time) -> None:
    """Leave an event, as unpacking a delivery does."""
    WebhookEvent.objects.create(
        organisation=linked.organisation,
        category=category,
        event_type="UPDATE",
        resource_id=resource_id,
        received_at=now(),
        happened_at=now(),
    )


def fetch(linked: Linked, now: Time) -> timedelta | None:
    """Take a turn at the events."""
    return event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=now)


def announce(linked: Linked, resource_id: str) -> None:
    """Record an event that arrives now."""
    delivery = Delivery.objects.create(received_at=clock(), body=b"", unpacked_at=clock())
    WebhookEvent.objects.create(
        delivery=delivery,
        organisation=linked.organisation,
        category="INVOICE",
        event_type="UPDATE",
        resource_id=resource_id,
        happened_at=linked.world.show("clock")["now"],
        received_at=clock(),
        state="DONE",
    )
