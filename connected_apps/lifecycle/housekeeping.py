"""What has to happen to connections by the clock, without anybody pressing anything."""

from datetime import datetime, timedelta

from connected_apps import queries, registry
from connected_apps.lifecycle import consents
from connected_apps.models import Connection, PendingConsent, State
from connected_apps.states import states

LOOK_EVERY = timedelta(hours=20)
# Xero ends a permission that was not used for 60 days (its OAuth 2.0 questions page).
RENEW_AFTER = timedelta(days=20)


def end_lapsed(*, now: datetime) -> None:
    """End open questions and attempts to connect that nobody came back to within 15 minutes."""
    for pending in PendingConsent.objects.filter(expires_at__lte=now):
        consents.discard(
            pending=pending, by=None, why="Nobody chose an organisation in time.", now=now
        )
    over = Connection.objects.filter(
        state=State.CONNECTING, state_since__lt=now - states.CONNECTING_LAPSES_AFTER
    )
    for connection in over:
        states.apply(
            connection_id=connection.pk,
            trigger=states.Trigger.CONNECT_ABANDONED,
            by=None,
            why=f"Nobody came back from {registry.title_of(connection.app)} within 15 minutes.",
            now=now,
        )


def connections_to_look_at(*, now: datetime) -> list[int]:
    """Return the live connections that `/connections` was not asked about for 20 hours."""
    live = queries.live_connections()
    return list(live.exclude(checked_at__gt=now - LOOK_EVERY).values_list("pk", flat=True))


def connections_to_keep_alive(*, now: datetime) -> list[int]:
    """Return the live connections whose tokens were last refreshed 20 days ago or earlier."""
    resting = queries.live_connections().filter(
        grant__refreshed_at__lte=now - RENEW_AFTER, grant__dead_at__isnull=True
    )
    return list(resting.values_list("pk", flat=True))
