"""Addresses of this app, mounted at the root."""

from django.urls import path

from invoices.own_page import own_views
from invoices.pages import contact_views, views

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
    path("learners/<int:learner_id>/covers/", contact_views.learner_covers, name="learner_covers"),
    path("contacts/<int:contact_id>/", contact_views.contact, name="contact"),
    path("contacts/<int:contact_id>/covers/", contact_views.contact_covers, name="contact_covers"),
    path("my/invoices/", own_views.my_invoices, name="my_invoices"),
    path("documents/<int:document_id>/", views.document_detail, name="document_detail"),
]
