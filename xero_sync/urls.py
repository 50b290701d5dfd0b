"""Addresses of this app, mounted at the root."""

from django.urls import path

from xero_sync.views import (
    api,
    contact_questions,
    online,
    push_start,
    resync,
    webhooks,
    which_learners,
)

_RESYNC = "settings/connected-apps/xero/resync/"
_CONTACTS = "settings/connected-apps/xero/contacts/"

urlpatterns = [
    path("webhooks/xero/", webhooks.receive, name="xero_webhook"),
    path("documents/<int:document_id>/online/", online.open_online, name="document_online"),
    path(
        "learners/<int:learner_id>/xero-contact/",
        contact_questions.show,
        name="learner_xero_contact",
    ),
    path(
        "learners/<int:learner_id>/xero-contact/sync/",
        contact_questions.sync,
        name="learner_xero_sync",
    ),
    path(
        "learners/<int:learner_id>/xero-contact/<uuid:contact_id>/",
        contact_questions.answer,
        name="learner_xero_contact_answer",
    ),
    path(f"{_CONTACTS}start/", push_start.start, name="contacts_start"),
    path(f"{_CONTACTS}which/", which_learners.choose, name="contacts_which"),
    path(_RESYNC, resync.resync, name="resync"),
    path(f"{_RESYNC}progress/", resync.progress, name="resync_progress"),
    path(f"{_RESYNC}<int:run_id>/cancel/", resync.cancel, name="resync_cancel"),
    path(f"{_RESYNC}<int:run_id>/resume/", resync.resume, name="resync_resume"),
    path("api/v1/sync-runs/", api.SyncRuns.as_view(), name="api_sync_runs"),
    path("api/v1/sync-runs/preview/", api.PreviewSyncRun.as_view(), name="api_sync_run_preview"),
    path("api/v1/sync-runs/<int:run_id>/", api.OneSyncRun.as_view(), name="api_sync_run"),
    path(
        "api/v1/sync-runs/<int:run_id>/cancel/",
        api.CancelSyncRun.as_view(),
        name="api_sync_run_cancel",
    ),
    path(
        "api/v1/sync-runs/<int:run_id>/resume/",
        api.ResumeSyncRun.as_view(),
        name="api_sync_run_resume",
    ),
]
