"""The connected apps app."""

from django.apps import AppConfig


class ConnectedAppsConfig(AppConfig):
    """Who a portal is connected to, and the settings page for it."""

    name = "connected_apps"
    verbose_name = "Connected apps"
