"""Connections stored in any state, with no Xero behind them."""

import uuid
from datetime import UTC, datetime, timedelta

from connected_apps.models import Connection, Organisation, State
from lrm.models import Portal

# What the card says where nothing is to be done.
ALL_WELL = "Changes in Xero appear here within seconds."
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def make_connection(portal: Portal, state: State, **fields: object) -> Connection:
    """Store a connection in a state, with an organisation."""
    organisation = Organisation.objects.create(
        portal=portal, tenant_id=uuid.uuid4(), name="Demo RTO"
    )
    values = {
        "state": state,
        "state_since": NOW - timedelta(days=1),
        "state_before": State.NEEDS_RECONNECTING if state == State.CONNECTING else "",
        "problem_count": 2 if state == State.CONNECTED_WITH_PROBLEMS else 0,
        "organisation": organisation,
        "generation": 7,
    }
    return Connection.objects.create(portal=portal, **{**values, **fields})
