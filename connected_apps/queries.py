"""Reading connections. Every question starts from a portal, except the sweeps'.

Only `connection_of` and `audit_trail` know of other apps than Xero: whoever asks for connections
here is about to call Xero.
"""

import uuid
from datetime import datetime

from django.db.models import QuerySet

from connected_apps.models import XERO, AuditEvent, Connection, Organisation, PendingRemoval
from connected_apps.states import states
from lrm.models import Portal


def connection_of(portal: Portal, *, app: str = XERO) -> Connection | None:
    """Return the portal's connection to an app, whatever its state; None before the first attempt.

    :param app: the name the app is registered with; Xero unless told.
    """
    return (
        Connection.objects.filter(portal=portal, app=app)
        .select_related("organisation", "grant", "connected_by", "portal")
        .first()
    )


def current_organisation(portal: Portal) -> Organisation | None:
    """Return the organisation whose documents show: the one connected last, broken or not."""
    connection = connection_of(portal)
    return connection.organisation if connection else None


def xero_connections() -> QuerySet[Connection]:
    """Return the connections to Xero of all portals, whatever their state."""
    return Connection.objects.filter(app=XERO)


def live_connections() -> QuerySet[Connection]:
    """Return the connections calls to Xero may be made for, of all portals, for sweeps.

    Paused ones are among them: they answer again after their `paused_until`.
    """
    return (
        xero_connections()
        .filter(state__in=states.LIVE, organisation__isnull=False, grant__isnull=False)
        .select_related("organisation", "portal")
        .order_by("pk")
    )


def live_connection_of(*, organisation_id: int) -> Connection | None:
    """Return the connection calls about an organisation may be made for; None where there is none.

    It belongs to the organisation's portal: a Xero tenant is an organisation of each portal's own.
    """
    return live_connections().filter(organisation_id=organisation_id).first()


def other_holders_of(*, tenant_id: uuid.UUID, portal: Portal) -> QuerySet[Connection]:
    """Return live connections of other portals of this installation to the same organisation."""
    return live_connections().filter(organisation__tenant_id=tenant_id).exclude(portal=portal)


def removals_waiting(portal: Portal) -> QuerySet[PendingRemoval]:
    """Return what still stands in Xero although it was disconnected here."""
    return PendingRemoval.objects.filter(portal=portal, finished_at__isnull=True)


def audit_trail(
    *,
    portal: Portal,
    app: str,
    action: str = "",
    problems_only: bool = False,
    since: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Return what a portal's trail says of one app, newest first, narrowed as asked."""
    trail = AuditEvent.objects.filter(portal=portal, app=app)
    if action:
        trail = trail.filter(action=action)
    if problems_only:
        trail = trail.filter(is_problem=True)
    if since is not None:
        trail = trail.filter(at__gte=since)
    return trail
