"""The invoices app."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """Documents and contacts as the LRM keeps them."""

    name = "invoices"

    def ready(self) -> None:
        """Put the Xero Invoices tab on the learner profile, and documents into the search."""
        # Imported here: models are not ready when this module is.
        from invoices import document_hits
        from lrm import panels, permissions

        panels.add_learner_tab(
            panels.LearnerTab(
                label="Xero Invoices",
                url_name="learner_xero_invoices",
                right=permissions.may_see_learners,
                order=20,
            )
        )
        panels.add_search_group(
            panels.SearchGroup(
                label="Invoices and credits",
                right=permissions.may_see_learners,
                find=document_hits.find,
                order=20,
            )
        )
