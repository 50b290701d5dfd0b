"""Addresses of the Connected Apps page and of everything done from it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
