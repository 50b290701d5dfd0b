"""All addresses: the LRM's own, then each app's, mounted at the root."""

from django.contrib.auth import views as auth_views
from django.urls import include, path

from lrm.views import (
    account,
    dashboard,
    jobs,
    learner_accounts,
    learner_imports,
    learner_ticks,
    learners,
    metrics,
    notices,
    passkeys,
    people,
    personal_data,
    search_page,
    second_factor,
    settings_pages,
    sign_in,
    sign_in_code,
    tokens,
    webhooks,
)
from lrm.watching import health

# Programs read a fault as they read any other problem.
handler500 = "lrm.rest.problems.server_error"
handler400 = "lrm.views.refusals.bad_request"
handler403 = "lrm.views.refusals.permission_denied"
handler404 = "lrm.views.refusals.page_not_found"

urlpatterns = [
    path("", dashboard.home, name="home"),
    path(
        "sign-in/",
        sign_in.SignIn.as_view(),
        name="sign_in",
    ),
    path("sign-in/code/", sign_in_code.SignInCode.as_view(), name="sign_in_code"),
    path("sign-out/", auth_views.LogoutView.as_view(), name="sign_out"),
    path("search/", search_page.search, name="search"),
    path("learners/", learners.index, name="learners"),
    path("learners/new/", learners.add, name="learner_add"),
    path("learners/import/", learner_imports.upload, name="learner_import"),
    path("learners/import/template.csv", learner_imports.template, name="learner_import_template"),
    path(
        "learners/import/<int:import_id>/", learner_imports.preview, name="learner_import_preview"
    ),
    path(
        "learners/import/<int:import_id>/confirm/",
        learner_imports.confirm,
        name="learner_import_confirm",
    ),
    path(
        "learners/import/<int:import_id>/discard/",
        learner_imports.discard,
        name="learner_import_discard",
    ),
    path("learners/tick/", learner_ticks.set_ticks, name="learners_tick"),
    path("learners/<int:learner_id>/", learners.profile, name="learner"),
    path("learners/<int:learner_id>/edit/", learners.edit, name="learner_edit"),
    path(
        "learners/<int:learner_id>/own-page/invite/",
        learner_accounts.invite,
        name="learner_invite",
    ),
    path("learners/<int:learner_id>/own-page/end/", learner_accounts.end, name="learner_end"),
    path("learners/<int:learner_id>/personal-data/", personal_data.show, name="learner_data"),
    path(
        "learners/<int:learner_id>/personal-data/export/",
        personal_data.give_out,
        name="learner_export",
    ),
    path(
        "learners/<int:learner_id>/personal-data/erase/",
        personal_data.erase,
        name="learner_erase",
    ),
    path("jobs/<int:job_id>/", jobs.page, name="job"),
    path("jobs/<int:job_id>/progress/", jobs.progress, name="job_progress"),
    path("jobs/<int:job_id>/stop/", jobs.stop, name="job_stop"),
    path("jobs/<int:job_id>/failures.csv", jobs.failures, name="job_failures"),
    path("notices/", notices.index, name="notices"),
    path("notices/bell/", notices.bell, name="notices_bell"),
    path("notices/read/", notices.read, name="notices_read"),
    path("account/", account.own, name="account"),
    path("account/email/", account.email, name="account_email"),
    path("account/email/<str:token>/", account.confirm_email, name="account_email_confirm"),
    path("account/password/", account.ChangePassword.as_view(), name="account_password"),
    path("account/sign-out-others/", account.sign_out_others, name="account_sign_out_others"),
    path("account/second-factor/", second_factor.page, name="second_factor"),
    path("account/second-factor/begin/", second_factor.begin, name="second_factor_begin"),
    path("account/second-factor/confirm/", second_factor.confirm, name="second_factor_confirm"),
    path("account/second-factor/codes/", second_factor.renew_codes, name="second_factor_codes"),
    path("account/second-factor/off/", second_factor.switch_off, name="second_factor_off"),
    path("account/second-factor/passkeys/add/", passkeys.add, name="passkey_add"),
    path("account/second-factor/passkeys/confirm/", passkeys.confirm, name="passkey_confirm"),
    path(
        "account/second-factor/passkeys/<int:passkey_id>/remove/",
        passkeys.remove,
        name="passkey_remove",
    ),
    path("account/tokens/", tokens.index, name="account_tokens"),
    path("account/tokens/<int:token_id>/end/", tokens.end, name="account_token_end"),
    path("set-password/<uidb64>/<token>/", account.SetPassword.as_view(), name="set_password"),
    path("settings/", settings_pages.portal_details, name="settings"),
    path("settings/edit/", settings_pages.edit, name="settings_edit"),
    path("settings/people/", people.index, name="settings_people"),
    path("settings/people/invite/", people.invite, name="person_invite"),
    path("settings/people/<int:user_id>/", people.rights, name="person"),
    path("settings/people/<int:user_id>/switch-off/", people.switch_off, name="person_off"),
    path("settings/people/<int:user_id>/switch-on/", people.switch_on, name="person_on"),
    path("settings/people/<int:user_id>/password-link/", people.password_link, name="person_link"),
    path(
        "settings/people/<int:user_id>/reset-second-factor/",
        people.reset_second_factor,
        name="person_factor",
    ),
    path("settings/webhooks/", webhooks.index, name="settings_webhooks"),
    path("settings/webhooks/<int:endpoint_id>/", webhooks.show, name="settings_webhook"),
    path("settings/webhooks/<int:endpoint_id>/switch/", webhooks.switch, name="webhook_switch"),
    path("settings/webhooks/<int:endpoint_id>/secret/", webhooks.rotate, name="webhook_secret"),
    path("settings/webhooks/<int:endpoint_id>/types/", webhooks.types, name="webhook_types"),
    path("settings/webhooks/<int:endpoint_id>/test/", webhooks.test, name="webhook_test"),
    path("settings/webhooks/<int:endpoint_id>/delete/", webhooks.delete, name="webhook_delete"),
    path(
        "settings/webhooks/<int:endpoint_id>/messages/<int:message_id>/again/",
        webhooks.again,
        name="webhook_again",
    ),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.show, name="metrics"),
    path("", include("connected_apps.urls")),
    path("", include("invoices.urls")),
    path("", include("xero_sync.urls")),
    path("", include("reports.urls")),
    # The last: it answers for every address of the API that is none.
    path("api/", include("lrm.rest.urls")),
]
