"""The second step of signing in: the code of an authenticator app, or a recovery code.

Only who has just entered the right password gets here. Every code is counted before it is looked
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
from lrm.sign_in import attempt_limits, factor_tries, second_factor, second_step

logger = logging.getLogger(__name__)

_WRONG = (
    "This code is wrong, or was used already. Wait for the app's next code, or enter a recovery "
    "code."
)


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignInCode(auth_views.RedirectURLMixin, View):
    """Lets people in whose code is right."""

    next_page = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code."""
        if request.user.is_authenticated:
            return redirect(self.get_success_url())
        if second_step.user_of(request=request, now=timezone.now()) is None:
            return redirect("sign_in")
        return self._page()

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
            answer = self._page(status=429, problem=tried.words)
            answer["Retry-After"] = str(tried.seconds)
            return answer
        how = second_factor.accept(user=user, code=request.POST.get("code", ""), now=now)
        if not how:
            logger.warning("Second factor failed for user %s from %s", user.pk, address)
            return self._page(status=422, problem=_WRONG)
        return self._let_in(user, how, address=address)

    def _let_in(self, user: User, how: str, *, address: str) -> HttpResponse:
        second_step.end(request=self.request)
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

    def _page(self, *, status: int = 200, problem: str = "") -> HttpResponse:
        context: dict[str, Any] = {"problem": problem, "next": self.get_redirect_url()}
        return render(self.request, "lrm/sign_in_code.html", context, status=status)
