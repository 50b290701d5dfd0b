"""The xero_sync app."""

from django.apps import AppConfig


class XeroSyncConfig(AppConfig):
    """Everything that speaks Xero."""

    name = "xero_sync"
    verbose_name = "Xero sync"

    def ready(self) -> None:
        """Listen to what is work here, and put the sync's facts on the card."""
        # Imported here because they need models, which are ready only now.
        from lrm.observers import span_contents
        from lrm.rest import routes
        from xero_sync import resources, signal_handlers, tasks
        from xero_sync.contact_tabs import act_jobs
        from xero_sync.status import (
            learner_marks,
            needs,
            own_page_doubts,
            personal_holding,
            search_words,
            sync_metrics,
            xero_card,
        )
        from xero_sync.views import (
            contact_questions,
            contacts,
            document_history,
            pre_flight_card,
            resync,
        )

        xero_card.register()
        sync_metrics.register()
        search_words.register()
        needs.register()
        learner_marks.register()
        own_page_doubts.register()
        personal_holding.register()
        contact_questions.register()
        pre_flight_card.register()
        contacts.register()
        resync.register()
        document_history.register()
        act_jobs.register()
        span_contents.know_path_words(resources.PATH_WORDS)
        signal_handlers.connect()
        tasks.schedule()
        routes.add(
            routes.Route(
                path="learners/", view="xero_sync.rest.learners.Learners", name="api_learners"
            ),
            routes.Route(
                path="learners/<int:learner_id>/",
                view="xero_sync.rest.learners.OneLearner",
                name="api_learner",
            ),
            routes.Route(
                path="connection/",
                view="xero_sync.rest.connection.ConnectionToXero",
                name="api_connection",
            ),
            routes.Route(
                path="documents/<int:document_id>/versions/",
                view="xero_sync.rest.document_versions.DocumentVersions",
                name="api_document_versions",
            ),
            routes.Route(
                path="sync-runs/", view="xero_sync.rest.sync_runs.SyncRuns", name="api_sync_runs"
            ),
            routes.Route(
                path="sync-runs/preview/",
                view="xero_sync.rest.sync_runs.PreviewSyncRun",
                name="api_sync_run_preview",
            ),
            routes.Route(
                path="sync-runs/<int:run_id>/",
                view="xero_sync.rest.sync_runs.OneSyncRun",
                name="api_sync_run",
            ),
            routes.Route(
                path="sync-runs/<int:run_id>/cancel/",
                view="xero_sync.rest.sync_runs.CancelSyncRun",
                name="api_sync_run_cancel",
            ),
            routes.Route(
                path="sync-runs/<int:run_id>/resume/",
                view="xero_sync.rest.sync_runs.ResumeSyncRun",
                name="api_sync_run_resume",
            ),
        )
