"""The connected apps app."""

from django.apps import AppConfig


class ConnectedAppsConfig(AppConfig):
    """Who a portal is connected to, and the settings page for it."""

    name = "connected_apps"
    verbose_name = "Connected apps"

    def ready(self) -> None:
        """Fill the LRM's places and let beat know what to do."""
        # Imported here because models are not ready before.
        from connected_apps import checks, panels, tasks
        from connected_apps.card import xero_card
        from lrm.observers import span_contents
        from lrm.watching import checkups

        checkups.add(checks.token_keys)
        checkups.add(checks.xero_answers)
        span_contents.know_path_words(("connections", "connect", "token", "revocation"))
        panels.register()
        xero_card.register()
        tasks.schedule()
