"""What people change about themselves: name, e-mail address, where they are signed in.

A new address counts once its owner has confirmed it, from a link that is sent there; the old one is
told. The link carries the address itself, signed, so nothing waits in the database.
"""

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from lrm import mail
from lrm.models import PortalAct, User
from lrm.people import portal_changes

_SALT = "lrm.people.own_account.email"
_SECONDS = 3 * 86_400
_CONFIRM = """Hello {name},

Somebody, you we hope, wants this address to be that of the account {username} in {portal}.

Confirm it here; the link works for three days:

{link}

If it was not you, ignore this message and nothing changes.
"""
_WAS_CHANGED = """Hello {name},

The e-mail address of your account {username} in {portal} has been changed. This one gets no
messages any more.

If it was not you, tell a portal admin at once.
"""


@transaction.atomic
def change_name(*, user: User, first_name: str, last_name: str, now: datetime) -> None:
    """Change what a person is called."""
    if (user.first_name, user.last_name) == (first_name, last_name):
        return
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
    _record(user, PortalAct.NAME, now)


def ask_to_confirm(*, user: User, email: str) -> None:
    """Mail a link to a new address; nothing changes before it is confirmed."""
    token = signing.dumps({"user": user.pk, "from": user.email, "to": email}, salt=_SALT)
    mail.send_after_commit(
        addresses=[email],
        subject="Confirm your e-mail address",
        body=_CONFIRM.format(
            name=user,
            username=user.username,
            portal=user.portal,
            link=settings.PUBLIC_URL + reverse("account_email_confirm", args=[token]),
        ),
        about="a new e-mail address",
    )


def address_in(token: str, *, user: User) -> str | None:
    """Return the address that a link is to confirm; None where it is old, or another's."""
    try:
        said = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return None
    is_theirs = said["user"] == user.pk and said["from"] == user.email
    return str(said["to"]) if is_theirs else None


@transaction.atomic
def change_email(*, user: User, email: str, now: datetime) -> None:
    """Change a person's address after it was confirmed, and tell the old one."""
    before = user.email
    user.email = email
    user.save(update_fields=["email"])
    _record(user, PortalAct.EMAIL, now)
    mail.send_after_commit(
        addresses=[before],
        subject="Your e-mail address was changed",
        body=_WAS_CHANGED.format(name=user, username=user.username, portal=user.portal),
        about="a changed e-mail address",
    )


@transaction.atomic
def end_other_sessions(*, user: User, now: datetime) -> None:
    """Sign a person out everywhere; the caller keeps the session at hand."""
    user.sessions_ended += 1
    user.save(update_fields=["sessions_ended"])
    _record(user, PortalAct.SESSIONS, now)


@transaction.atomic
def note_password(*, user: User, now: datetime) -> None:
    """Note that a person has set a password of their own."""
    _record(user, PortalAct.PASSWORD, now)


def _record(user: User, act: str, now: datetime) -> None:
    if user.portal is not None:
        portal_changes.record(portal=user.portal, act=act, by=user, about=user, now=now)
