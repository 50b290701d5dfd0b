"""Links by which a person sets a password of their own, sent to the address that we have.

The token is Django's: it ends after `PASSWORD_RESET_TIMEOUT`, and at once when the password is set
or the person signs in. It stands in the mail alone, in no row, log or page.
"""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from lrm import mail
from lrm.models import Portal, User

_INVITED = """Hello {name},

{by} has invited you to {portal}. Your user name is: {username}

Set your password here; the link works for {hours} hours:

{link}

If you expected no invitation, ignore this message.
"""
_NEW_LINK = """Hello {name},

{by} has sent you a link to set a new password for {portal}. Your user name is: {username}

Set it here; the link works for {hours} hours:

{link}

Until then your password stays as it is. If you did not ask for this, tell {by}.
"""
_LEARNER = """Hello {name},

{by} has invited you to see your invoices from {portal} online, and to pay them.

Set a password here; the link works once, for {hours} hours:

{link}

Your user name is: {username}
After that, sign in at {sign_in}

If you expected no invitation, ignore this message.
"""


def send(*, user: User, portal: Portal, by: User, is_invitation: bool) -> None:
    """Mail the link once the transaction commits."""
    body = _INVITED if is_invitation else _NEW_LINK
    subject = "You are invited to {}" if is_invitation else "Set a new password for {}"
    mail.send_after_commit(
        addresses=[user.email],
        subject=subject.format(portal.name),
        body=body.format(
            name=user.get_full_name() or user.username,
            by=by,
            portal=portal.name,
            username=user.username,
            hours=hours(),
            link=address_of(user),
        ),
        about="a password link",
    )


def send_to_learner(*, user: User, learner_name: str, portal: Portal, by: User) -> None:
    """Mail a learner the link for their own documents, once the transaction commits."""
    mail.send_after_commit(
        addresses=[user.email],
        subject=f"Your invoices from {portal.name}",
        body=_LEARNER.format(
            name=learner_name,
            by=by,
            portal=portal.name,
            username=user.username,
            hours=hours(),
            link=address_of(user),
            sign_in=settings.PUBLIC_URL + reverse("sign_in"),
        ),
        about="a learner's password link",
    )


def address_of(user: User) -> str:
    """Return the whole address of the page on which this user sets a password."""
    who = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return settings.PUBLIC_URL + reverse("set_password", args=[who, token])


def hours() -> int:
    """Return for how many hours a link works."""
    return settings.PASSWORD_RESET_TIMEOUT // 3600
