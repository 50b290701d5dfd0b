"""Your account > Second factor: an app set up, new recovery codes, the app taken away.

Secrets and recovery codes stand in one answer each, which nothing keeps.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lrm import access, permissions
from lrm.sign_in import factor_gate, passkeys, second_factor
from lrm.views import factor_proof
from lrm.views.factor_proof import AppCodeForm, PasswordForm, SureForm

_require_portal = access.require(permissions.may_see_settings)
# In a session whose person has proved that they may add an app to what is on, until when.
_MAY_ADD_APP = "may_add_app_until"
_ADDING = timedelta(minutes=10)


@never_cache
@_require_portal
@require_safe
def page(request: access.SignedInRequest) -> HttpResponse:
    """Show how it stands, and what can be done."""
    if second_factor.is_on(request.user):
        return _page(request, SureForm(user=request.user))
    return _page(request, AppCodeForm())


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: access.SignedInRequest) -> HttpResponse:
    """Make a secret and show it; where passkeys are on already, only to who proves to be theirs."""
    user = request.user
    if not second_factor.is_on(user):
        if request.method == "POST":
            second_factor.begin(user=user, now=timezone.now())
        return redirect("second_factor")
    if second_factor.has_app(user):
        return redirect("second_factor")

    def act() -> bool:
        second_factor.begin(user=user, now=timezone.now())
        return True

    form = SureForm(request.POST or None, user=user)
    if request.method != "POST":
        return _app_page(request, form)
    done, answer = factor_proof.surely(
        request,
        form,
        act,
        said="given a key",
        page=lambda form, status: _app_page(request, form, status),
    )
    if not done:
        return answer
    request.session[_MAY_ADD_APP] = (timezone.now() + _ADDING).timestamp()
    return _page(request, AppCodeForm(), shows_key=True)


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_POST
def confirm(request: access.SignedInRequest) -> HttpResponse:
    """Have the app count, where the code is its own, and show the recovery codes once."""
    user = request.user
    may = not second_factor.is_on(user) or _may_add_app(request)
    if not may or second_factor.being_set_up(user) is None:
        return redirect("second_factor")
    form = AppCodeForm(request.POST)

    def act() -> list[str] | None:
        return second_factor.confirm(user=user, code=form.cleaned_data["code"], now=timezone.now())

    codes, answer = factor_proof.try_once(
        request,
        form,
        act,
        said="set up",
        page=lambda form, status: _page(request, form, status, shows_key=True),
    )
    if codes is None:
        return answer
    request.session.pop(_MAY_ADD_APP, None)
    if codes:
        return render(request, "lrm/recovery_codes.html", {"codes": codes, "is_new": True})
    messages.success(request, "The authenticator app is added. Other sessions have ended.")
    return redirect("second_factor")


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_POST
def renew_codes(request: access.SignedInRequest) -> HttpResponse:
    """Make new recovery codes and show them once."""
    user = request.user
    if not second_factor.is_on(user):
        return redirect("second_factor")

    def act() -> list[str]:
        return second_factor.renew_codes(user=user, now=timezone.now())

    codes, answer = _surely(request, act, said="given new recovery codes")
    if codes is None:
        return answer
    return render(request, "lrm/recovery_codes.html", {"codes": codes, "is_new": False})


@sensitive_post_parameters()
@_require_portal
@require_POST
def switch_off(request: access.SignedInRequest) -> HttpResponse:
    """Take the app away; where there is no passkey the password is enough again."""
    user = request.user
    if not second_factor.has_app(user):
        return redirect("second_factor")

    def act() -> bool:
        return second_factor.remove_app(user=user, now=timezone.now())

    is_off, answer = _surely(request, act, said="rid of its app")
    if is_off is None:
        return answer
    if not is_off:
        messages.success(request, "The app is taken away. Other sessions have ended.")
        return redirect("second_factor")
    messages.success(request, "The second factor is switched off. Other sessions have ended.")
    return redirect("account")


def _surely(request: access.SignedInRequest, act: Any, *, said: str) -> tuple[Any, HttpResponse]:
    form = SureForm(request.POST, user=request.user)
    return factor_proof.surely(
        request, form, act, said=said, page=lambda form, status: _page(request, form, status)
    )


def _may_add_app(request: access.SignedInRequest) -> bool:
    return timezone.now().timestamp() < float(request.session.get(_MAY_ADD_APP, 0))


def _page(
    request: access.SignedInRequest,
    form: PasswordForm,
    status: int = 200,
    *,
    shows_key: bool = False,
) -> HttpResponse:
    user = request.user
    is_on = second_factor.is_on(user)
    waiting = second_factor.being_set_up(user) if shows_key or not is_on else None
    context = {
        "form": form,
        "is_on": is_on,
        "has_app": second_factor.has_app(user),
        "passkeys": passkeys.of(user),
        "passkey_options": factor_proof.passkey_options(request) if is_on and not waiting else "",
        "is_demanded": second_factor.is_demanded_of(user),
        # Whoever must set it up first gets a page without the ways to everything else.
        "frame": "alone.html" if factor_gate.is_held(request) else "base.html",
        "codes_left": second_factor.codes_left(user) if is_on else 0,
        "secret": waiting.secret if waiting else "",
        # Drawn here from a secret and two names, which the drawing encodes as squares.
        "square": mark_safe(waiting.square) if waiting else "",  # noqa: S308
    }
    return render(request, "lrm/second_factor.html", context, status=status)


def _app_page(
    request: access.SignedInRequest, form: PasswordForm, status: int = 200
) -> HttpResponse:
    context = {"form": form, "passkey_options": factor_proof.passkey_options(request)}
    return render(request, "lrm/app_add.html", context, status=status)
