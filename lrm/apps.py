"""The LRM app."""

from django.apps import AppConfig


class LrmConfig(AppConfig):
    """Portals, users, learners."""

    name = "lrm"
    verbose_name = "LRM"

    def ready(self) -> None:
        """Make the Celery app the current one, so that shared tasks bind to it."""
        from lrm import celery  # noqa: F401 - imported for its effect, after settings are ready
