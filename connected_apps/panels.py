"""Where the LRM's own pages show something of connected apps."""

from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from connected_apps import queries
from connected_apps.card import card, facts
from connected_apps.models import PendingRemoval
from connected_apps.states import states
from lrm import access, panels, permissions


def register() -> None:
    """Fill the places."""
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Connected Apps",
            url_name="connected_apps",
            icon="plug",
            description="What this portal is connected to, such as Xero: state, activity, re-sync.",
            right=permissions.may_see_connected_apps,
            order=30,
        )
    )
    panels.add_banner(panels.Banner(name="xero_broken", render=broken_banner, order=10))
    panels.add_dashboard_panel(
        panels.DashboardPanel(
            name="xero_state",
            right=permissions.may_see_connected_apps,
            render=dashboard_panel,
            place="aside",
            order=30,
        )
    )
    panels.add_readiness_check(
        panels.ReadinessCheck(name="xero_connections", check=count_connections)
    )


def broken_banner(request: access.SignedInRequest) -> SafeString | None:
    """Return the line above every page that says a connection needs a person."""
    if not permissions.may_see_connected_apps(request.user):
        return None
    connection = queries.connection_of(request.portal)
    if (
        connection is None
        or states.shown(connection, now=timezone.now()).state not in states.BROKEN
    ):
        return None
    return render_to_string(
        "connected_apps/banner.html",
        {
            "connection": connection,
            "may_connect": permissions.may_manage_connected_apps(request.user),
        },
        request=request,
    )


def dashboard_panel(request: access.SignedInRequest) -> SafeString:
    """Return the card of the dashboard: the state of Xero in one line."""
    now = timezone.now()
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    context = {"card": xero, "unread": facts.unread_of(xero.connection, now=now)}
    return render_to_string("connected_apps/dashboard_panel.html", context, request=request)


def count_connections() -> dict[str, Any]:
    """Return connections to Xero by state and the removals that wait, for operators; no names."""
    states_of = queries.xero_connections().values_list("state")
    counted = states_of.annotate(Count("pk")).order_by("state")
    waiting = PendingRemoval.objects.filter(finished_at__isnull=True)
    oldest = waiting.order_by("requested_at").values_list("requested_at", flat=True).first()
    return {
        "states": dict(counted),
        "removals_waiting": waiting.count(),
        "oldest_removal_at": oldest.isoformat() if oldest else None,
    }
