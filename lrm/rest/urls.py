"""Addresses of the API: what apps have registered, its description, and the page to read it."""

from django.urls import path

from lrm.rest import problems, reading_page, routes, schema

urlpatterns = [
    path("", reading_page.show, name="api"),
    path("schema/", schema.show, name="api_schema"),
    *routes.patterns(),
    path("<path:rest>/", problems.not_found, name="api_nothing"),
]
