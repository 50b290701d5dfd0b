"""Addresses of the reports, mounted at the root."""

from django.urls import path

from reports import heal, views

urlpatterns = [
    path("reports/", views.index, name="reports"),
    path("reports/0442/", views.report_0442, name="report_0442"),
    path("reports/0442/heal/", heal.heal_month, name="report_0442_heal"),
    path("reports/0442.csv", views.report_0442_csv, name="report_0442_csv"),
    path("reports/0442.xlsx", views.report_0442_xlsx, name="report_0442_xlsx"),
    path("reports/0442.json", views.report_0442_json, name="report_0442_json"),
]
