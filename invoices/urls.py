"""Addresses of this app, mounted at the root."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
