"""The beacon app."""

from django.apps import AppConfig


class BeaconConfig(AppConfig):
    """A connected app with one key."""

    name = "beacon"
    verbose_name = "Beacon"

    def ready(self) -> None:
        """Make Beacon one of the connected apps."""
        # Imported here because they need models, which are ready only now.
        from beacon import card, connecting, models
        from connected_apps import registry

        registry.add(
            registry.ConnectedApp(
                name=connecting.NAME,
                title="Beacon",
                mark="B",
                card=card.render,
                sealed=(models.KEY,),
                acts={connecting.KEY_REPLACED: "Key replaced"},
            )
        )
