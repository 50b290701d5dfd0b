"""Addresses of Beacon."""

from django.urls import path

from beacon import views

_BEACON = "settings/connected-apps/beacon"

urlpatterns = [
    path(f"{_BEACON}/connect/", views.connect, name="beacon_connect"),
    path(f"{_BEACON}/disconnect/", views.disconnect, name="beacon_disconnect"),
]
