"""Addresses of this app, mounted at the root."""

from django.urls import path

from xero_sync.views import (
    contact_acts,
    contact_history,
    contact_questions,
    contact_search,
    contacts,
    document_history,
    instant_updates,
    online,
    own_online,
    push_start,
    resync,
    sync_health,
    webhooks,
    which_learners,
)

_RESYNC = "settings/connected-apps/xero/resync/"
_HEALTH = "settings/connected-apps/xero/health/"
_EVENTS = "settings/connected-apps/xero/events/"
_CONTACTS = "settings/connected-apps/xero/contacts/"

urlpatterns = [
    path("webhooks/xero/", webhooks.receive, name="xero_webhook"),
    path("documents/<int:document_id>/online/", online.open_online, name="document_online"),
    path("my/invoices/<int:own_id>/online/", own_online.open_own_online, name="my_invoice_online"),
    path("documents/<int:document_id>/pdf/", online.open_pdf, name="document_pdf"),
    path("documents/<int:document_id>/history/", document_history.show, name="document_history"),
    path(
        "documents/<int:document_id>/history/<int:version_id>/",
        document_history.show_version,
        name="document_version",
    ),
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
    path(_CONTACTS, contacts.show, name="xero_contacts"),
    path(f"{_CONTACTS}start/", push_start.start, name="contacts_start"),
    path(f"{_CONTACTS}which/", which_learners.choose, name="contacts_which"),
    path(f"{_CONTACTS}act/", contact_acts.act, name="xero_contacts_act"),
    path(f"{_CONTACTS}link/", contact_acts.link, name="xero_contacts_link"),
    path(f"{_CONTACTS}undo/", contact_acts.undo, name="xero_contacts_undo"),
    path(f"{_CONTACTS}find/<str:key>/", contact_search.find, name="xero_contacts_find"),
    path(f"{_CONTACTS}history/", contact_history.show, name="xero_contacts_history"),
    path(f"{_CONTACTS}history/<str:key>/", contact_history.show, name="xero_contacts_history_of"),
    path(_HEALTH, sync_health.show, name="xero_health"),
    path(f"{_HEALTH}retry/", sync_health.retry, name="xero_health_retry"),
    path("settings/connected-apps/xero/health.csv", sync_health.as_csv, name="xero_health_csv"),
    path(_EVENTS, instant_updates.show, name="xero_events"),
    path(f"{_EVENTS}again/", instant_updates.act_again, name="xero_events_again"),
    path(_RESYNC, resync.resync, name="resync"),
    path(f"{_RESYNC}estimate/", resync.estimate, name="resync_estimate"),
    path(f"{_RESYNC}<int:run_id>/differences.csv", resync.differences, name="resync_differences"),
    path(f"{_RESYNC}progress/", resync.progress, name="resync_progress"),
    path(f"{_RESYNC}<int:run_id>/cancel/", resync.cancel, name="resync_cancel"),
    path(f"{_RESYNC}<int:run_id>/resume/", resync.resume, name="resync_resume"),
]
