"""The xero_sync app."""

from django.apps import AppConfig


class XeroSyncConfig(AppConfig):
    """Everything that speaks Xero."""

    name = "xero_sync"
    verbose_name = "Xero sync"

    def ready(self) -> None:
        """Listen to what is work here, and put the sync's facts on the card."""
        # Imported here because they need models, which are ready only now.
        from xero_sync import signal_handlers, tasks
        from xero_sync.contact_tabs import act_jobs
        from xero_sync.status import (
            learner_marks,
            needs,
            own_page_doubts,
            personal_holding,
            search_words,
            xero_card,
        )
        from xero_sync.views import contact_questions, contacts, document_history, pre_flight_card

        xero_card.register()
        search_words.register()
        needs.register()
        learner_marks.register()
        own_page_doubts.register()
        personal_holding.register()
        contact_questions.register()
        pre_flight_card.register()
        contacts.register()
        document_history.register()
        act_jobs.register()
        signal_handlers.connect()
        tasks.schedule()
