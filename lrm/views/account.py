"""What people change about themselves, and the page on which a link lets them set a password."""

import logging
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lrm import access, permissions
from lrm.models import User
from lrm.people import own_account
from lrm.people.people_forms import EmailForm, NameForm
from lrm.sign_in import factor_tries, own_password_tries

logger = logging.getLogger(__name__)

_require_portal = access.require(permissions.may_see_settings)


@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: access.SignedInRequest) -> HttpResponse:
    """Show one's own account, or save one's name."""
    user = request.user
    form = NameForm(
        request.POST or None, initial={"first_name": user.first_name, "last_name": user.last_name}
    )
    if form.is_valid():
        own_account.change_name(user=user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "Your name was saved.")
        return redirect("account")
    return _page(request, form=form)


@_require_portal
@require_POST
def email(request: access.SignedInRequest) -> HttpResponse:
    """Send a link to a new address."""
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    own_account.ask_to_confirm(
        user=request.user, email=form.cleaned_data["email"], now=timezone.now()
    )
    messages.success(
        request,
        f"A link was sent to {form.cleaned_data['email']}. Open it to confirm the address; until "
        "then nothing changes.",
    )
    return redirect("account")


@never_cache
@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: access.SignedInRequest, token: str) -> HttpResponse:
    """Ask once more, since a page that is only opened changes nothing; then change the address."""
    now = timezone.now()
    address = own_account.address_in(token, user=request.user, now=now)
    if address is not None and request.method == "POST":
        own_account.change_email(user=request.user, email=address, now=now)
        messages.success(request, f"Your e-mail address is {address} now.")
        return redirect("account")
    status = 200 if address else 410
    return render(request, "lrm/account_email_confirm.html", {"address": address}, status=status)


@_require_portal
@require_POST
def sign_out_others(request: access.SignedInRequest) -> HttpResponse:
    """End every session of this person but this one."""
    own_account.end_other_sessions(user=request.user, now=timezone.now())
    update_session_auth_hash(request, request.user)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("account")


@method_decorator(_require_portal, name="dispatch")
class ChangePassword(auth_views.PasswordChangeView):
    """Change one's own password; every other session ends by that."""

    template_name = "lrm/account_password.html"
    success_url = reverse_lazy("account")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the attempt before the form says whether the old password is right."""
        tried = own_password_tries.count(
            user=self._person, address=self._address, now=timezone.now()
        )
        if tried is None:
            return super().post(request, *args, **kwargs)
        # An empty form: one that knows what was typed would look at it.
        context = self.get_context_data(form=self.form_class(self._person), problem=tried.words)
        answer = self.render_to_response(context, status=429)
        answer["Retry-After"] = str(tried.seconds)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it and say so."""
        own_password_tries.give_back(user=self._person, address=self._address)
        answer = super().form_valid(form)
        own_account.note_password(user=form.user, now=timezone.now())
        logger.info("User %s changed their password from %s", form.user.pk, self._address)
        messages.success(self.request, "Your password was changed. Other sessions have ended.")
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong."""
        user, address = self._person, self._address
        if "old_password" in form.errors:
            logger.warning("Password not changed for user %s from %s", user.pk, address)
        else:
            # It is theirs, and the new one alone will not do.
            own_password_tries.give_back(user=user, address=address)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    @property
    def _person(self) -> User:
        # Whoever is not signed in was led away before.
        return cast(access.SignedInRequest, self.request).user

    @property
    def _address(self) -> str:
        return factor_tries.address_of(self.request)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SetPassword(auth_views.PasswordResetConfirmView):
    """Set a password by a link; then sign in with it. All sessions end with the old one.

    Django moves the token from the address into the session before the form is shown, so that it
    stands neither in the history nor in a log of what comes next.
    """

    template_name = "lrm/set_password.html"
    success_url = reverse_lazy("sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it and note that."""
        user: User = form.user
        answer = super().form_valid(form)
        own_account.note_password(user=user, now=timezone.now())
        logger.info("User %s set a password by a link", user.pk)
        messages.success(self.request, "The password is set. Sign in with it.")
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


def _page(request: access.SignedInRequest, *, form: NameForm | EmailForm) -> HttpResponse:
    user = request.user
    names = {"first_name": user.first_name, "last_name": user.last_name}
    context = {
        "form": form,
        "name_form": form if isinstance(form, NameForm) else NameForm(initial=names),
        "email_form": form if isinstance(form, EmailForm) else EmailForm(),
    }
    return render(request, "lrm/account.html", context, status=422 if form.is_bound else 200)
