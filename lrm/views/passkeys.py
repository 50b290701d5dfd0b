"""Your account > Second factor > Passkeys: one added, one removed.

To add one takes two steps: that it is the person, then what the authenticator has made. What it is
to answer waits in the session between the two.
"""

import logging

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lrm import access, permissions
from lrm.models import Passkey
from lrm.sign_in import challenges, factor_gate, factor_tries, passkeys
from lrm.views import factor_proof
from lrm.views.factor_proof import PasswordForm, SureForm

logger = logging.getLogger(__name__)

_require_portal = access.require(permissions.may_see_settings)
_NOT_MADE = (
    "The passkey was not added: it took longer than five minutes, is here already, or was not made "
    "for this page. Begin again."
)


class NewPasskeyForm(SureForm):
    """What a passkey is called, and that it is the person who adds it."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="Where it is kept, such as “phone” or “key on my key ring”.",
    )
    field_order = ("name", "password", "code", "passkey")


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: access.SignedInRequest) -> HttpResponse:
    """Ask who it is, then have the browser make a passkey."""
    user = request.user
    if len(passkeys.of(user)) >= passkeys.MOST:
        messages.error(
            request, f"You have {passkeys.MOST} passkeys, the most there may be. Remove one first."
        )
        return redirect("second_factor")
    form = NewPasskeyForm(request.POST or None, user=user)
    if request.method != "POST":
        return _add_page(request, form)

    def act() -> str:
        challenge = challenges.begin(
            request=request,
            purpose=challenges.ADD,
            user=user,
            now=timezone.now(),
            note=form.cleaned_data["name"],
        )
        return passkeys.to_make(user, challenge=challenge)

    options, answer = factor_proof.surely(
        request,
        form,
        act,
        said="asked for a passkey",
        page=lambda form, status: _add_page(request, form, status),
    )
    if options is None:
        return answer
    context = {"options": options, "frame": _frame(request), "name": form.cleaned_data["name"]}
    return render(request, "lrm/passkey_make.html", context)


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_POST
def confirm(request: access.SignedInRequest) -> HttpResponse:
    """Add what the authenticator has made; with a first passkey show the recovery codes once."""
    user, now = request.user, timezone.now()
    address = factor_tries.address_of(request)
    if (tried := factor_tries.count(user=user, address=address, now=now)) is not None:
        messages.error(request, tried.words)
        return redirect("second_factor")
    challenge = challenges.spend(request=request, purpose=challenges.ADD, user=user, now=now)
    added = passkeys.add(
        user=user, answer=request.POST.get("passkey", ""), challenge=challenge, now=now
    )
    if added is None:
        logger.warning("Passkey not added for user %s from %s", user.pk, address)
        messages.error(request, _NOT_MADE)
        return redirect("passkey_add")
    factor_tries.give_back(user=user, address=address)
    update_session_auth_hash(request, user)
    passkey, codes = added
    logger.info("Passkey %s added for user %s from %s", passkey.pk, user.pk, address)
    if codes:
        return render(request, "lrm/recovery_codes.html", {"codes": codes, "is_new": True})
    messages.success(request, f"The passkey {passkey} is added. Other sessions have ended.")
    return redirect("second_factor")


@never_cache
@sensitive_post_parameters()
@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: access.SignedInRequest, passkey_id: int) -> HttpResponse:
    """Ask who it is, then remove a passkey of one's own."""
    user = request.user
    passkey = get_object_or_404(Passkey, pk=passkey_id, factor__user=user)
    form = SureForm(request.POST or None, user=user)
    if request.method != "POST":
        return _remove_page(request, form, passkey)

    def act() -> bool:
        return passkeys.remove(user=user, passkey_id=passkey.pk, now=timezone.now())

    try:
        is_off, answer = factor_proof.surely(
            request,
            form,
            act,
            said="rid of a passkey",
            page=lambda form, status: _remove_page(request, form, passkey, status),
        )
    except Passkey.DoesNotExist as error:
        raise Http404 from error
    if is_off is None:
        return answer
    logger.info("Passkey %s removed for user %s", passkey_id, user.pk)
    said = "The second factor is switched off. " if is_off else ""
    messages.success(request, f"The passkey {passkey} is removed. {said}Other sessions have ended.")
    return redirect("second_factor")


def _frame(request: access.SignedInRequest) -> str:
    return "alone.html" if factor_gate.is_held(request) else "base.html"


def _add_page(
    request: access.SignedInRequest, form: PasswordForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "frame": _frame(request),
        "passkey_options": factor_proof.passkey_options(request),
    }
    return render(request, "lrm/passkey_add.html", context, status=status)


def _remove_page(
    request: access.SignedInRequest, form: PasswordForm, passkey: Passkey, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "passkey": passkey,
        "passkey_options": factor_proof.passkey_options(request),
    }
    return render(request, "lrm/passkey_remove.html", context, status=status)
