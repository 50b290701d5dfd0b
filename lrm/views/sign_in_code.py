"""The second step of signing in: a passkey, the code of an authenticator app, or a recovery code.

Only who has just entered the right password gets here. Every attempt is counted before it is looked
at, and logged with the user's id and the address, never with what was typed.
"""

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from lrm.models import User
from lrm.sign_in import (
    attempt_limits,
    challenges,
    factor_tries,
    passkeys,
    second_factor,
    second_step,
)

logger = logging.getLogger(__name__)

_WRONG = (
    "This code is wrong, or was used already. Wait for the app's next code, or enter a recovery "
    "code."
)
_NOT_ACCEPTED = (
    "This passkey was not accepted: it is not one of yours here, or it took longer than five "
    "minutes. Try again, or enter a code."
)


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignInCode(auth_views.RedirectURLMixin, View):
    """Lets people in whose passkey or code is right."""

    next_page = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for one of them."""
        if request.user.is_authenticated:
            return redirect(self.get_success_url())
        user = second_step.user_of(request=request, now=timezone.now())
        if user is None:
            return redirect("sign_in")
        return self._page(user)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Count the attempt before anything of it is looked at; then look."""
        now = timezone.now()
        user = second_step.user_of(request=request, now=now)
        if user is None:
            messages.info(request, "Signing in took too long. Enter your password again.")
            return redirect("sign_in")
        address = factor_tries.address_of(request)
        tried = factor_tries.count(user=user, address=address, now=now)
        if tried is not None:
            answer = self._page(user, status=429, problem=tried.words)
            answer["Retry-After"] = str(tried.seconds)
            return answer
        answer_of_passkey = request.POST.get("passkey", "")
        if answer_of_passkey:
            how = self._passkey(user, answer_of_passkey)
        else:
            how = second_factor.accept(user=user, code=request.POST.get("code", ""), now=now)
        if not how:
            logger.warning("Second factor failed for user %s from %s", user.pk, address)
            problem = _NOT_ACCEPTED if answer_of_passkey else _WRONG
            return self._page(user, status=422, problem=problem)
        return self._let_in(user, how, address=address)

    def _passkey(self, user: User, answer: str) -> str:
        now = timezone.now()
        challenge = challenges.spend(
            request=self.request, purpose=challenges.SIGN_IN, user=user, now=now
        )
        is_right = passkeys.accept(user=user, answer=answer, challenge=challenge, now=now)
        return "passkey" if is_right else ""

    def _let_in(self, user: User, how: str, *, address: str) -> HttpResponse:
        second_step.end(request=self.request)
        challenges.forget(request=self.request, purpose=challenges.SIGN_IN)
        factor_tries.give_back(user=user, address=address)
        attempt_limits.give_back(username=user.username, address=address)
        login(self.request, user)
        logger.info("User %s signed in from %s with a %s", user.pk, address, how)
        if how == "recovery code":
            messages.warning(
                self.request,
                f"You used a recovery code. Codes left: {second_factor.codes_left(user)}. Make new "
                "ones under Your account > Second factor.",
            )
        return redirect(self.get_success_url())

    def _page(self, user: User, *, status: int = 200, problem: str = "") -> HttpResponse:
        context: dict[str, Any] = {
            "problem": problem,
            "next": self.get_redirect_url(),
            "has_app": second_factor.has_app(user),
            "passkey_options": self._passkey_options(user),
        }
        return render(self.request, "lrm/sign_in_code.html", context, status=status)

    def _passkey_options(self, user: User) -> str:
        """Return what the browser is asked; empty where the person has no passkey."""
        if not passkeys.of(user):
            return ""
        challenge = challenges.begin(
            request=self.request, purpose=challenges.SIGN_IN, user=user, now=timezone.now()
        )
        return passkeys.to_use(user, challenge=challenge)
