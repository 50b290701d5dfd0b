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
        from lrm.learner_imports import import_job, personal_holding
        from lrm.personal_data import own_holding
        from lrm.roster import bulk_ticks
        from lrm.sign_in import sessions

        default_panels.register()
        bulk_ticks.register()
        import_job.register()
        own_holding.register()
        personal_holding.register()
        sessions.register()
        tasks.schedule()
