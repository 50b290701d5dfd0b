"""What people change about themselves: name, e-mail address, where they are signed in.

A new address counts once its owner has confirmed it, from a link that is sent there; the old one is
told. The link carries the address itself, so nothing waits in the database; and encrypted, since
the addresses of requests stand in logs, which hold no address of a person.
"""

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from lrm import mail, sealed_values
from lrm.models import PortalAct, User
from lrm.people import portal_changes

_KEEP = timedelta(days=3)
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


def ask_to_confirm(*, user: User, email: str, now: datetime) -> None:
    """Mail a link to a new address; nothing changes before it is confirmed."""
    said = {"from": user.email, "to": email, "at": now.timestamp()}
    token = urlsafe_base64_encode(sealed_values.seal(json.dumps(said), place=_place(user)))
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


def address_in(token: str, *, user: User, now: datetime) -> str | None:
    """Return the address that a link is to confirm; None where it is old, or another's."""
    try:
        said = json.loads(sealed_values.unseal(urlsafe_base64_decode(token), place=_place(user)))
    except (ValueError, sealed_values.CannotOpen):
        return None
    is_new = now.timestamp() - said["at"] <= _KEEP.total_seconds()
    return str(said["to"]) if is_new and said["from"] == user.email else None


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


def _place(user: User) -> str:
    # In no table; and a link is no other person's.
    return f"own_account.email|{user.pk}"


def _record(user: User, act: str, now: datetime) -> None:
    if user.portal is not None:
        portal_changes.record(portal=user.portal, act=act, by=user, about=user, now=now)
