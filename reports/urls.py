"""Addresses of the reports, mounted at the root."""

from django.urls import path

from reports import heal, views
from reports.schedules import views as schedules
from reports.uninvoiced import views as uninvoiced

urlpatterns = [
    path("reports/", views.index, name="reports"),
    path("reports/0442/", views.report_0442, name="report_0442"),
    path("reports/0442/heal/", heal.heal_month, name="report_0442_heal"),
    path("reports/0442.csv", views.report_0442_csv, name="report_0442_csv"),
    path("reports/0442.xlsx", views.report_0442_xlsx, name="report_0442_xlsx"),
    path("reports/0442.json", views.report_0442_json, name="report_0442_json"),
    path("reports/0443/", uninvoiced.report_0443, name="report_0443"),
    *(
        path(
            f"reports/0443{ending}",
            uninvoiced.report_0443_file,
            {"ending": ending},
            name=f"report_0443_{ending[1:]}",
        )
        for ending in uninvoiced.WRITERS
    ),
    path("reports/schedules/", schedules.schedules, name="report_schedules"),
    path("reports/schedules/new/", schedules.new_schedule, name="report_schedule_new"),
    *(
        path(f"reports/schedules/<int:schedule_id>/{act}/", view, name=f"report_schedule_{act}")
        for act, view in (
            ("send", schedules.send_now),
            ("pause", schedules.pause),
            ("resume", schedules.resume),
            ("end", schedules.end),
        )
    ),
]
