"""The reports app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports over what is stored. It has no tables of its own, and keeps documents' sums."""

    name = "reports"

    def ready(self) -> None:
        """Put the way to report #0442 on the dashboard of people who may run it."""
        # Imported here: models are not ready when this module is.
        from lrm import panels, permissions
        from reports import dashboard, tasks

        tasks.schedule()
        panels.add_dashboard_panel(
            panels.DashboardPanel(
                name="report_0442",
                right=permissions.may_read_synced_invoices,
                render=dashboard.panel,
                order=60,
            )
        )
