"""Addresses of the Connected Apps page and of everything done from it."""

from django.urls import path

from connected_apps.views import activity, check, connect, disconnect, freshness, page

_XERO = "settings/connected-apps/xero"
_APP = "settings/connected-apps/<slug:app>"

urlpatterns = [
    path("settings/connected-apps/", page.show, name="connected_apps"),
    path(f"{_XERO}/card/", page.live_part, name="xero_card"),
    path(f"{_XERO}/freshness/", freshness.show, name="xero_freshness"),
    path(f"{_XERO}/connect/", connect.start, name="xero_connect"),
    path(f"{_XERO}/callback/", connect.callback, name="xero_callback"),
    path(f"{_XERO}/choose/", connect.choose, name="xero_choose"),
    path(f"{_XERO}/check/", check.check, name="xero_check"),
    path(f"{_XERO}/disconnect/", disconnect.disconnect, name="xero_disconnect"),
    path(f"{_XERO}/activity/", activity.show, name="xero_activity"),
    path(f"{_XERO}/activity.csv", activity.as_csv, name="xero_activity_csv"),
    path(f"{_APP}/activity/", activity.show, name="app_activity"),
    path(f"{_APP}/activity.csv", activity.as_csv, name="app_activity_csv"),
]
