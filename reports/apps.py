"""The reports app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports over what is stored, and when they are mailed; it keeps documents' sums."""

    name = "reports"

    def ready(self) -> None:
        """Put the way to report #0442 on the dashboard of people who may run it."""
        # Imported here: models are not ready when this module is.
        from lrm import panels, permissions
        from lrm.rest import routes
        from reports import dashboard, personal_holding, tasks

        tasks.schedule()
        personal_holding.register()
        routes.add(
            routes.Route(
                path="reports/0442/",
                view="reports.rest.report_0442.Report0442",
                name="api_report_0442",
            ),
            routes.Route(
                path="reports/0442/totals/",
                view="reports.rest.report_0442.Report0442Totals",
                name="api_report_0442_totals",
            ),
            routes.Route(
                path="reports/0443/",
                view="reports.rest.report_0443.Report0443",
                name="api_report_0443",
            ),
            routes.Route(
                path="reports/0443/totals/",
                view="reports.rest.report_0443.Report0443Totals",
                name="api_report_0443_totals",
            ),
        )
        panels.add_dashboard_panel(
            panels.DashboardPanel(
                name="report_0442",
                right=permissions.may_read_synced_invoices,
                render=dashboard.panel,
                place="aside",
                order=60,
            )
        )
        panels.add_dashboard_panel(
            panels.DashboardPanel(
                name="owed",
                right=permissions.may_run_finance_reports,
                render=dashboard.owed,
                order=10,
            )
        )
        panels.add_dashboard_panel(
            panels.DashboardPanel(
                name="came_in",
                right=permissions.may_run_finance_reports,
                render=dashboard.came_in,
                place="aside",
                order=15,
            )
        )
