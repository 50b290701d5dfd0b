"""What Xero announces and nothing here keeps, in one line of the card.

A category is opted into in Xero's developer portal, and new ones appear there every few months.
Whoever ticked one that is no use here, or waits for what it brings, should see that it arrives.
"""

from django.db.models import Count

from connected_apps.card import facts
from connected_apps.models import Organisation
from xero_sync.models import WebhookEvent
from xero_sync.webhooks import deliveries

# The latest events are enough to know, and cost the same however many there are.
_LATEST = 1000


def facts_of(organisation: Organisation) -> list[facts.Fact]:
    """Return the categories among the latest events of which nothing is kept here, if any."""
    heard = WebhookEvent.objects.filter(organisation=organisation, delivery__isnull=False)
    latest = heard.order_by("-received_at").values("pk")[:_LATEST]
    counts = (
        WebhookEvent.objects.filter(pk__in=latest)
        .exclude(category__in=deliveries.ACTED_ON)
        .values_list("category")
        .annotate(events=Count("pk"))
        .order_by("-events", "category")
    )
    named = ", ".join(f"{category or 'no category'} ({events:,})" for category, events in counts)
    return [facts.Fact("Also announced", f"{named}; nothing of this is kept here")] if named else []
