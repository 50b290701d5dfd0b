"""Addresses of this app, mounted at the root."""

from django.urls import path

from invoices import views

urlpatterns = [
    path(
        "learners/<int:learner_id>/xero-invoices/",
        views.learner_xero_invoices,
        name="learner_xero_invoices",
    ),
    path(
        "learners/<int:learner_id>/xero-invoices/table/",
        views.learner_xero_invoices_table,
        name="learner_xero_invoices_table",
    ),
    path("documents/<int:document_id>/", views.document_detail, name="document_detail"),
]
