"""The page that a link to set a password leads to.

Django moves the link's token from the address into the session before the form is shown, so that it
stands neither in the history nor in a log of what comes next.
"""

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.urls import reverse_lazy

logger = logging.getLogger(__name__)


class SetPassword(auth_views.PasswordResetConfirmView):
    """Takes a password twice; all sessions of its person end with the old one."""

    template_name = "lrm/set_password.html"
    success_url = reverse_lazy("sign_in")
    post_reset_login = False

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password, and lead to the sign-in page."""
        answer = super().form_valid(form)
        logger.info("User %s set a password by a link", form.user.pk)
        messages.success(self.request, "The password is set. Sign in with it.")
        return answer
