"""What is done about a portal, its people and its learners, one function an act.

Each sends the forms that a person sends; the last one is the act itself.
"""

import re

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.urls import reverse

from lrm.models import ApiToken, Learner, Passkey, User
from lrm.people import password_links
from tests.support import authenticator, builders, second_factors
from tests.support.audit_trail import Person
from tests.support.staff import form

NEW = "a-quite-new-password-7"


def colleague(one: Person) -> User:
    """Return somebody else of the portal."""
    return builders.make_user(one.portal, first_name="Nia", last_name="New")


def learner(one: Person) -> Learner:
    """Return a learner of the portal."""
    return builders.make_learner(one.portal)


def change_name(one: Person) -> None:
    one.post("account", first_name="Morgan", last_name="Ironbark")


def change_email(one: Person) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        one.post("account_email", email="morgan@example.org")
    found = re.search(r"/account/email/([^/]+)/", str(mail.outbox[-1].body))
    assert found is not None
    one.post("account_email_confirm", found[1])


def change_password(one: Person) -> None:
    typed = {"new_password1": NEW, "new_password2": NEW}
    one.post("account_password", old_password=builders.PASSWORD, **typed)


def set_password_by_a_link(one: Person) -> None:
    visitor = Client()
    page = visitor.get(password_links.address_of(one.user), follow=True)
    *_, user, token, _ = page.redirect_chain[-1][0].split("/")
    one.post_from(visitor, "set_password", user, token, new_password1=NEW, new_password2=NEW)


def sign_out_others(one: Person) -> None:
    one.post("account_sign_out_others")


def set_up_a_second_factor(one: Person) -> None:
    one.post("second_factor_begin")
    one.post("second_factor_confirm", **_sure(one))


def make_new_recovery_codes(one: Person) -> None:
    _have_a_factor(one)
    one.post("second_factor_codes", **_sure(one))


def switch_the_second_factor_off(one: Person) -> None:
    _have_a_factor(one)
    one.post("second_factor_off", **_sure(one))


def add_a_first_passkey(one: Person) -> None:
    _add_a_passkey(one, name="phone", password=builders.PASSWORD)


def add_another_passkey(one: Person) -> None:
    _have_a_factor(one)
    _add_a_passkey(one, name="phone", **_sure(one))


def remove_a_passkey(one: Person) -> None:
    add_another_passkey(one)
    recovery_code = second_factors.new_recovery_code(one.user)
    proof = {"password": builders.PASSWORD, "code": recovery_code}
    one.post("passkey_remove", Passkey.objects.get().pk, **proof)


def take_the_app_away(one: Person) -> None:
    add_another_passkey(one)
    recovery_code = second_factors.new_recovery_code(one.user)
    one.post("second_factor_off", password=builders.PASSWORD, code=recovery_code)


def add_an_app_to_passkeys(one: Person) -> None:
    add_a_first_passkey(one)
    recovery_code = second_factors.new_recovery_code(one.user)
    one.post("second_factor_begin", password=builders.PASSWORD, code=recovery_code)
    one.post("second_factor_confirm", **_sure(one))


def _add_a_passkey(one: Person, **form: str) -> None:
    page = one.post("passkey_add", **form).content.decode()
    made = authenticator.Authenticator().make(authenticator.options_on(page))
    one.post("passkey_confirm", passkey=made)


def _have_a_factor(one: Person) -> None:
    second_factors.make_factor(one.user)
    # That ended all sessions.
    one.user.refresh_from_db()
    one.client.force_login(one.user)


def _sure(one: Person) -> dict[str, str]:
    return {"password": builders.PASSWORD, "code": second_factors.app_of(one.user).now()}


def make_a_token(one: Person) -> None:
    one.post("account_tokens", name="Power BI")


def end_a_token(one: Person) -> None:
    make_a_token(one)
    one.post("account_token_end", ApiToken.objects.get().pk)


def change_the_portal(one: Person) -> None:
    fields = {"name": "Another Institute", "time_zone": one.portal.time_zone}
    one.post("settings_edit", **fields, financial_year_first_month=7)


def invite(one: Person) -> None:
    who = {"first_name": "Nia", "last_name": "New", "email": "nia@example.com"}
    one.post("person_invite", **who, lrm_role="USER")


def change_rights(one: Person) -> None:
    one.post("person", colleague(one).pk, lrm_role="USER", is_accounts="on")


def switch_off(one: Person) -> None:
    one.post("person_off", colleague(one).pk)


def switch_on(one: Person) -> None:
    other = colleague(one)
    one.post("person_off", other.pk)
    one.post("person_on", other.pk)


def send_a_password_link(one: Person) -> None:
    one.post("person_link", colleague(one).pk)


def reset_a_second_factor(one: Person) -> None:
    other = colleague(one)
    second_factors.make_factor(other)
    one.post("person_factor", other.pk)


def add_a_learner(one: Person) -> None:
    one.post("learner_add", **form())


def change_a_learner(one: Person) -> None:
    add_a_learner(one)
    one.post("learner_edit", one.portal.learners.get().pk, **form(mobile="0400 000 009"))


def tick_learners(one: Person) -> None:
    chosen = learner(one).pk
    one.post("learners_tick", scope="chosen", set="on", learner=chosen, confirmed="yes")


def import_learners(one: Person) -> None:
    rows = b"Learner number,Given name,Family name,E-mail\nL1,Mei,Kelly,mei@example.com\n"
    one.client.post(reverse("learner_import"), {"file": SimpleUploadedFile("people.csv", rows)})
    one.post("learner_import_confirm", one.portal.learner_imports.get().pk)


def invite_a_learner(one: Person) -> Learner:
    one.portal.learners_see_documents = True
    one.portal.save()
    invited = learner(one)
    one.post("learner_invite", invited.pk)
    return invited


def end_a_learners_access(one: Person) -> None:
    one.post("learner_end", invite_a_learner(one).pk)


def export_a_learner(one: Person) -> None:
    one.post("learner_export", learner(one).pk)


def erase_a_learner(one: Person) -> None:
    erased = learner(one)
    one.post("learner_erase", erased.pk, number=erased.number)


_FIRST_PASSKEY = ["PortalChange PASSKEY_ADDED", "PortalChange FACTOR_ON"]
# Each act, the name of its address, and what it leaves in the trails.
ACTS = [
    (change_name, "account", ["PortalChange NAME"]),
    (change_email, "account_email_confirm", ["PortalChange EMAIL"]),
    (change_password, "account_password", ["PortalChange PASSWORD"]),
    (set_password_by_a_link, "set_password", ["PortalChange PASSWORD"]),
    (sign_out_others, "account_sign_out_others", ["PortalChange SESSIONS"]),
    (set_up_a_second_factor, "second_factor_confirm", ["PortalChange FACTOR_ON"]),
    (make_new_recovery_codes, "second_factor_codes", ["PortalChange FACTOR_CODES"]),
    (switch_the_second_factor_off, "second_factor_off", ["PortalChange FACTOR_OFF"]),
    (add_a_first_passkey, "passkey_confirm", _FIRST_PASSKEY),
    (add_another_passkey, "passkey_confirm", ["PortalChange PASSKEY_ADDED"]),
    (remove_a_passkey, "passkey_remove", ["PortalChange PASSKEY_REMOVED"]),
    (take_the_app_away, "second_factor_off", ["PortalChange APP_REMOVED"]),
    (add_an_app_to_passkeys, "second_factor_confirm", ["PortalChange APP_ADDED"]),
    (make_a_token, "account_tokens", ["PortalChange TOKEN_MADE"]),
    (end_a_token, "account_token_end", ["PortalChange TOKEN_ENDED"]),
    (change_the_portal, "settings_edit", ["PortalChange PORTAL"]),
    (invite, "person_invite", ["PortalChange INVITED"]),
    (change_rights, "person", ["PortalChange RIGHTS"]),
    (switch_off, "person_off", ["PortalChange SWITCHED_OFF"]),
    (switch_on, "person_on", ["PortalChange SWITCHED_ON"]),
    (send_a_password_link, "person_link", ["PortalChange PASSWORD_LINK"]),
    (reset_a_second_factor, "person_factor", ["PortalChange FACTOR_RESET"]),
    (add_a_learner, "learner_add", ["LearnerChange created"]),
    (change_a_learner, "learner_edit", ["LearnerChange mobile"]),
    (tick_learners, "learners_tick", ["LearnerChange sync_to_xero"]),
    (import_learners, "learner_import_confirm", ["BatchJob lrm-import-learners"]),
    (invite_a_learner, "learner_invite", ["PortalChange LEARNER_INVITED"]),
    (end_a_learners_access, "learner_end", ["PortalChange LEARNER_ENDED"]),
    (export_a_learner, "learner_export", ["PortalChange LEARNER_EXPORTED"]),
    (erase_a_learner, "learner_erase", ["PortalChange LEARNER_ERASED"]),
]
