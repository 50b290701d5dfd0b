"""Addresses of the API: what apps have registered, its description, and the page to read it."""

from django.urls import path, register_converter
from django.urls.converters import PathConverter

from lrm.rest import problems, reading_page, routes, schema


class _Anything(PathConverter):
    """Any path: of Django's own one line breaks are no part."""

    regex = r"[\s\S]+"


register_converter(_Anything, "anything")

urlpatterns = [
    path("", reading_page.show, name="api"),
    path("schema/", schema.show, name="api_schema"),
    *routes.patterns(),
    path("<anything:rest>/", problems.not_found, name="api_nothing"),
]
