"""The LRM app."""

from django.apps import AppConfig


class LrmConfig(AppConfig):
    """Portals, users, learners."""

    name = "lrm"
    verbose_name = "LRM"

    def ready(self) -> None:
        """Make the Celery app the current one, and register the LRM's own entries and tasks."""
        # Imported here: models are not loaded before.
        from lrm import (
            celery,  # noqa: F401 - imported for its effect, so that shared tasks bind to it
            default_panels,
            tasks,
        )

        default_panels.register()
        tasks.schedule()
