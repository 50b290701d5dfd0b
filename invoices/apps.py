"""The invoices app."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """Documents and contacts as the LRM keeps them."""

    name = "invoices"

    def ready(self) -> None:
        """Put the Xero Invoices tab on the learner profile, and documents into the search."""
        # Imported here: models are not ready when this module is.
        from invoices import personal_holding
        from invoices.listing import document_hits
        from invoices.pages import dashboard
        from lrm import panels, permissions
        from lrm.rest import routes

        personal_holding.register()
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
        for panel in (
            panels.DashboardPanel(
                name="freshness",
                right=permissions.may_see_settings,
                render=dashboard.freshness,
                place="top",
                order=1,
            ),
            panels.DashboardPanel(
                name="find",
                right=permissions.may_see_learners,
                render=dashboard.search,
                place="top",
                order=5,
            ),
            panels.DashboardPanel(
                name="late_learners",
                right=permissions.may_see_learners,
                render=dashboard.late_learners,
                order=40,
            ),
            panels.DashboardPanel(
                name="just_changed",
                right=permissions.may_see_learners,
                render=dashboard.just_changed,
                place="aside",
                order=45,
            ),
        ):
            panels.add_dashboard_panel(panel)
        routes.add(
            routes.Route(
                path="documents/", view="invoices.rest.documents.Documents", name="api_documents"
            ),
            routes.Route(
                path="documents/<int:document_id>/",
                view="invoices.rest.documents.OneDocument",
                name="api_document",
            ),
            routes.Route(
                path="contacts/", view="invoices.rest.contacts.Contacts", name="api_contacts"
            ),
            routes.Route(
                path="contacts/<int:contact_id>/",
                view="invoices.rest.contacts.OneContact",
                name="api_contact",
            ),
        )
