"""The sign-in page: every attempt is counted, and every end of one is logged.

Logged are the user's id and the address that asked; never what was typed, which may be a password
in the wrong field.
"""

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from lrm import notices
from lrm.models import NoticeLevel, User
from lrm.sign_in import attempt_limits, second_factor, second_step

logger = logging.getLogger(__name__)

# Of a user name in the database.
_LONGEST_NAME = 150
_NAME = UsernameField(max_length=_LONGEST_NAME)
_TRIED = (
    "Somebody tried to sign in as you many times, and was locked out for a while. If it was not "
    "you, choose a new password that nobody can guess."
)


@method_decorator(never_cache, name="dispatch")
class SignIn(auth_views.LoginView):
    """Lets people in who know their password, and keeps those out who try many."""

    template_name = "lrm/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the attempt before anything of it is looked at."""
        verdict = attempt_limits.count(
            username=self._username, address=self._address, now=timezone.now()
        )
        if verdict.free_at is not None:
            return self._refused(verdict)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let the person in, or ask for the code of their second factor first."""
        user = form.get_user()
        assert isinstance(user, User)  # noqa: S101 - there are no others
        if second_factor.is_on(user):
            return self._code_asked(user)
        attempt_limits.give_back(username=self._username, address=self._address)
        logger.info("User %s signed in from %s", user.pk, self._address)
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the page again; it does not say which of the two was wrong."""
        logger.warning("Sign-in failed for %s from %s", self._account(), self._address)
        return super().form_invalid(form)

    def _code_asked(self, user: User) -> HttpResponse:
        # The attempts are given back once the code is right: half a sign-in is none.
        second_step.begin(request=self.request, user=user, now=timezone.now())
        logger.info("Password of user %s right from %s, code asked", user.pk, self._address)
        address = reverse("sign_in_code")
        if onward := self.get_redirect_url():
            query = QueryDict(mutable=True)
            query["next"] = onward
            address = f"{address}?{query.urlencode(safe='/')}"
        return redirect(address)

    def _refused(self, verdict: attempt_limits.Verdict) -> HttpResponse:
        assert verdict.free_at is not None  # noqa: S101 - only refusals come here
        logger.warning("Sign-in refused unseen for %s from %s", self._account(), self._address)
        if verdict.is_first_refused and (user := self._user()) is not None:
            _tell(user)
        seconds = max(1, int((verdict.free_at - timezone.now()).total_seconds()))
        context = self.get_context_data(
            form=self.get_form_class()(self.request), locked_minutes=-(-seconds // 60)
        )
        answer = self.render_to_response(context, status=429)
        answer["Retry-After"] = str(seconds)
        return answer

    def _account(self) -> str:
        user = self._user()
        return f"user {user.pk}" if user else "nobody we know"

    def _user(self) -> User | None:
        if "\x00" in self._username:
            return None
        found = get_user_model().objects.filter(username=self._username).first()
        return found if isinstance(found, User) else None

    @property
    def _username(self) -> str:
        # As the form takes it: else each spelling of a name with other white space around it, or
        # with letters of another width, would count as an account of its own.
        typed = self.request.POST.get("username", "")
        return str(_NAME.to_python(typed))[:_LONGEST_NAME]

    @property
    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))


def _tell(user: User) -> None:
    """Put a notice under the person's bell, but no second one while they have not read it."""
    if not notices.of_user(user).filter(text=_TRIED, read_at=None).exists():
        notices.notify(users=[user], level=NoticeLevel.WARNING, text=_TRIED)
