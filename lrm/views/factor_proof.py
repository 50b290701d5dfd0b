"""That it is the person who changes something about their second factor.

The password is always asked, and where a second factor is on, a code or a passkey as well: who
finds a browser that is signed in must not be able to keep its person out.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.utils import timezone

from lrm import access
from lrm.models import User
from lrm.people.people_forms import StyledForm
from lrm.sign_in import authenticators, challenges, factor_tries, passkeys, second_factor
from lrm.sign_in.challenges import Challenge

logger = logging.getLogger(__name__)

T = TypeVar("T")
_WRONG = "The password or the code is wrong. A code works once, for half a minute."
_WRONG_PASSKEY = "The password or the passkey is wrong, or it took longer than five minutes."
_NOT_THEIRS = "The password is wrong."
_CODE = forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none"})


class PasswordForm(StyledForm):
    """The password of the person who is signed in."""

    password = forms.CharField(label="Password", max_length=4096, strip=False)


class AppCodeForm(PasswordForm):
    """The password, and the code of an app that is being set up."""

    code = forms.CharField(label="Code", max_length=40, widget=_CODE)


class SureForm(PasswordForm):
    """The password, and a code or a passkey where the person has a second factor."""

    code = forms.CharField(label="Code", max_length=40, required=False, widget=_CODE)
    passkey = forms.CharField(
        label="Passkey",
        max_length=authenticators.MOST,
        required=False,
        widget=forms.HiddenInput(),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        if not second_factor.is_on(user):
            del self.fields["code"], self.fields["passkey"]
        elif not second_factor.has_app(user):
            self.fields["code"].label = "Recovery code"

    def clean(self) -> dict[str, Any]:
        """Ask for one of both."""
        given = self.cleaned_data
        if "code" in self.fields and not given.get("code") and not given.get("passkey"):
            self.add_error("code", "Enter a code, or use a passkey.")
        return given


def passkey_options(request: access.SignedInRequest) -> str:
    """Return what the browser is asked so that a passkey proves it; empty where there is none."""
    user = request.user
    if not passkeys.of(user):
        return ""
    challenge = challenges.begin(
        request=request, purpose=challenges.SURE, user=user, now=timezone.now()
    )
    return passkeys.to_use(user, challenge=challenge)


def surely(
    request: access.SignedInRequest,
    form: SureForm,
    act: Callable[[], T],
    *,
    said: str,
    page: Callable[[PasswordForm, int], HttpResponse],
) -> tuple[T | None, HttpResponse]:
    """Do something where password and second factor are right.

    :param page: shows the form again, with a status, where they are not.
    """
    user = request.user

    def prove_and_act() -> T | None:
        now = timezone.now()
        challenge = challenges.spend(request=request, purpose=challenges.SURE, user=user, now=now)
        if second_factor.is_on(user) and not _is_proved(user, form, challenge):
            return None
        return act()

    return try_once(request, form, prove_and_act, said=said, page=page)


def try_once(
    request: access.SignedInRequest,
    form: PasswordForm,
    act: Callable[[], T | None],
    *,
    said: str,
    page: Callable[[PasswordForm, int], HttpResponse],
) -> tuple[T | None, HttpResponse]:
    """Do something where the password is right, and `act` does not say None; else say why not.

    The attempt is counted before either is looked at, as it is at the sign-in.
    """
    user = request.user
    if not form.is_valid():
        return None, page(form, 422)
    address = factor_tries.address_of(request)
    if (tried := factor_tries.count(user=user, address=address, now=timezone.now())) is not None:
        form.add_error(None, tried.words)
        return None, page(form, 429)
    done = act() if user.check_password(form.cleaned_data["password"]) else None
    if done is None:
        logger.warning("Second factor not %s for user %s from %s", said, user.pk, address)
        form.add_error(None, _wrong(form))
        return None, page(form, 422)
    factor_tries.give_back(user=user, address=address)
    update_session_auth_hash(request, user)
    logger.info("Second factor %s for user %s from %s", said, user.pk, address)
    return done, HttpResponse()


def _wrong(form: PasswordForm) -> str:
    if form.cleaned_data.get("passkey"):
        return _WRONG_PASSKEY
    return _WRONG if "code" in form.fields else _NOT_THEIRS


def _is_proved(user: User, form: SureForm, challenge: Challenge | None) -> bool:
    now = timezone.now()
    if answer := form.cleaned_data["passkey"]:
        return passkeys.accept(user=user, answer=answer, challenge=challenge, now=now)
    return bool(second_factor.accept(user=user, code=form.cleaned_data["code"], now=now))
