"""Links by which a person sets a password: for the first one, and for a new one.

A link works once, and for `PASSWORD_RESET_TIMEOUT` at most: it is void as soon as the password, the
e-mail address or the last sign-in is another one. Whoever has it can sign in as that person, so it
is shown to nobody but who asked for it, and never logged.
"""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from lrm.models import User


def link_for(user: User) -> str:
    """Return the whole address at which this person sets a password."""
    parts = {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    return f"{settings.PUBLIC_URL}{reverse('set_password', kwargs=parts)}"


def hours() -> int:
    """Return how long a link works."""
    return int(settings.PASSWORD_RESET_TIMEOUT // 3600)
