"""Your account > Second factor: set up, new recovery codes, switched off.

Every act asks for the password and a code: who finds a browser that is signed in must not be able
to keep its person out. Secrets and recovery codes stand in one answer each, which nothing keeps.
"""

import logging
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from lrm import access, permissions
from lrm.people.people_forms import StyledForm
from lrm.sign_in import factor_gate, factor_tries, second_factor

logger = logging.getLogger(__name__)

_require_portal = access.require(permissions.may_see_settings)
_SET_UP = "set up"
_WRONG = "The password or the code is wrong. A code works once, for half a minute."


class SureForm(StyledForm):
    """That it is the person themselves."""

    password = forms.CharField(label="Password", max_length=4096, strip=False)
    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none"}),
    )


@never_cache
@_require_portal
@require_safe
def page(request: access.SignedInRequest) -> HttpResponse:
    """Show how it stands, and what can be done."""
    return _page(request, SureForm())


@_require_portal
@require_POST
def begin(request: access.SignedInRequest) -> HttpResponse:
    """Make a secret and lead to the page that shows it."""
    second_factor.begin(user=request.user, now=timezone.now())
    return redirect("second_factor")


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_POST
def confirm(request: access.SignedInRequest) -> HttpResponse:
    """Set it up, where the code is the new app's, and show the recovery codes once."""
    if second_factor.being_set_up(request.user) is None:
        return redirect("second_factor")

    def act(code: str) -> list[str]:
        return second_factor.confirm(user=request.user, code=code, now=timezone.now())

    return _with_codes(request, act, said=_SET_UP)


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_POST
def renew_codes(request: access.SignedInRequest) -> HttpResponse:
    """Make new recovery codes and show them once."""

    def act(code: str) -> list[str]:
        now = timezone.now()
        is_right = second_factor.accept(user=request.user, code=code, now=now)
        return second_factor.renew_codes(user=request.user, now=now) if is_right else []

    return _with_codes(request, act, said="given new recovery codes")


@sensitive_post_parameters()
@_require_portal
@require_POST
def switch_off(request: access.SignedInRequest) -> HttpResponse:
    """Let the password be enough again."""

    def act(code: str) -> bool:
        now = timezone.now()
        is_right = bool(second_factor.accept(user=request.user, code=code, now=now))
        if is_right:
            second_factor.switch_off(user=request.user, now=now)
        return is_right

    done, answer = _surely(request, act, said="switched off")
    if not done:
        return answer
    messages.success(request, "The second factor is switched off. Other sessions have ended.")
    return redirect("account")


def _with_codes(
    request: access.SignedInRequest, act: Callable[[str], list[str]], *, said: str
) -> HttpResponse:
    codes, answer = _surely(request, act, said=said)
    if not codes:
        return answer
    return render(request, "lrm/recovery_codes.html", {"codes": codes, "is_new": said == _SET_UP})


def _surely(
    request: access.SignedInRequest, act: Callable[[str], Any], *, said: str
) -> tuple[Any, HttpResponse]:
    """Do something where password and code are right; otherwise return the page that says why not.

    The attempt is counted before either is looked at, as it is at the sign-in.
    """
    user, form = request.user, SureForm(request.POST)
    if not form.is_valid():
        return None, _page(request, form, status=422)
    address = factor_tries.address_of(request)
    if (tried := factor_tries.count(user=user, address=address, now=timezone.now())) is not None:
        form.add_error(None, tried.words)
        return None, _page(request, form, status=429)
    done = user.check_password(form.cleaned_data["password"]) and act(form.cleaned_data["code"])
    if not done:
        logger.warning("Second factor not %s for user %s from %s", said, user.pk, address)
        form.add_error(None, _WRONG)
        return None, _page(request, form, status=422)
    factor_tries.give_back(user=user, address=address)
    update_session_auth_hash(request, user)
    logger.info("Second factor %s for user %s from %s", said, user.pk, address)
    return done, HttpResponse()


def _page(request: access.SignedInRequest, form: SureForm, *, status: int = 200) -> HttpResponse:
    user = request.user
    waiting = second_factor.being_set_up(user)
    is_on = second_factor.is_on(user)
    context = {
        "form": form,
        "is_on": is_on,
        "is_demanded": second_factor.is_demanded_of(user),
        # Whoever must set it up first gets a page without the ways to everything else.
        "frame": "alone.html" if factor_gate.is_held(request) else "base.html",
        "codes_left": second_factor.codes_left(user) if is_on else 0,
        "secret": waiting.secret if waiting else "",
        # Drawn here from a secret and two names, which the drawing encodes as squares.
        "square": mark_safe(waiting.square) if waiting else "",  # noqa: S308
    }
    return render(request, "lrm/second_factor.html", context, status=status)
