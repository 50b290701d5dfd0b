"""Addresses of this app, mounted at the root."""

from django.urls import path

from xero_sync.views import online, resync, webhooks

_RESYNC = "settings/connected-apps/xero/resync/"

urlpatterns = [
    path("webhooks/xero/", webhooks.receive, name="xero_webhook"),
    path("documents/<int:document_id>/online/", online.open_online, name="document_online"),
    path(_RESYNC, resync.resync, name="resync"),
    path(f"{_RESYNC}progress/", resync.progress, name="resync_progress"),
    path(f"{_RESYNC}<int:run_id>/cancel/", resync.cancel, name="resync_cancel"),
]
