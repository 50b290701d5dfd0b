"""People with a second factor, and what their authenticator app shows."""

import re
from datetime import timedelta

import pyotp
from django.test import Client
from django.utils import timezone

from lrm.models import SecondFactor, User
from lrm.sign_in import second_factor
from tests.support import builders

ADDRESS = "203.0.113.9"


def app_of(user: User) -> pyotp.TOTP:
    """Return the app of a person who is setting it up or has done so."""
    factor = SecondFactor.objects.get(user=user)
    sealed = factor.waiting_encrypted or factor.secret_encrypted
    secret = second_factor._unsealed(factor, sealed)
    assert secret is not None
    return pyotp.TOTP(secret)


def make_factor(user: User) -> list[str]:
    """Set up a second factor, whose code of now is still unused; return the recovery codes."""
    now = timezone.now()
    second_factor.begin(user=user, now=now)
    earlier = now - timedelta(minutes=10)
    codes = second_factor.confirm(user=user, code=app_of(user).at(earlier), now=earlier)
    assert codes
    return codes


def new_recovery_code(user: User) -> str:
    """Make new recovery codes in place of the old ones; return one."""
    return second_factor.renew_codes(user=user, now=timezone.now())[0]


def sure(user: User, **instead: str) -> dict[str, str]:
    """Return the fields that prove who acts: password and code, or what is given instead."""
    return {"password": builders.PASSWORD, "code": app_of(user).now(), **instead}


def enter_password(user: User, *, client: Client | None = None, onward: str = "") -> Client:
    """Do the first step of signing in."""
    client = client or Client(REMOTE_ADDR=ADDRESS)
    fields = {"username": user.username, "password": builders.PASSWORD, "next": onward}
    answer = client.post("/sign-in/", fields)
    assert answer.status_code == 302, answer.content.decode()
    return client


def is_signed_in(client: Client) -> bool:
    """Return whether pages know who asks."""
    return client.get("/account/").status_code == 200


def key_on(page: str) -> str:
    """Return the key that a page shows for typing."""
    found = re.search(r"Key: <code[^>]*>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return found[1].replace(" ", "")


def recovery_codes_on(page: str) -> list[str]:
    """Return the recovery codes that a page shows."""
    return re.findall(r"<li><code[^>]*>([A-Z2-7 ]+)</code>", page)
