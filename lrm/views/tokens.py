"""Your account > API tokens: make one, see it once, end one."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lrm import access, permissions
from lrm.models import ApiToken, Portal
from lrm.people.people_forms import StyledForm
from lrm.rest import tokens

_require_portal = access.require(permissions.may_see_settings)
_YEARS = 5


class TokenForm(StyledForm):
    """What a token is called, what it may do and until when."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="What uses it, such as “Power BI” or “enrolment import”.",
    )
    expires_on = forms.DateField(
        label="Works until",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a day such as 2026-12-31."},
        help_text="The last day. Without one it works until you end it.",
    )
    may_act = forms.BooleanField(
        label="May also act",
        required=False,
        help_text="Starts and cancels re-syncs, where you may. Without this it only reads.",
    )

    def __init__(self, *args: Any, portal: Portal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = portal.zone

    def clean_expires_on(self) -> datetime.date | None:
        """Refuse a day that is over, and one that nobody will remember."""
        day: datetime.date | None = self.cleaned_data["expires_on"]
        today = timezone.now().astimezone(self._zone).date()
        if day is not None and not today <= day <= today + datetime.timedelta(days=_YEARS * 365):
            raise forms.ValidationError(f"Choose a day from today on, within {_YEARS} years.")
        return day

    @property
    def expires_at(self) -> datetime.datetime | None:
        """The end of the last day, by the portal's clock."""
        day: datetime.date | None = self.cleaned_data["expires_on"]
        if day is None:
            return None
        following = day + datetime.timedelta(days=1)
        return datetime.datetime.combine(following, datetime.time(), self._zone)


@never_cache
@_require_portal
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: access.SignedInRequest) -> HttpResponse:
    """List one's tokens, or make one and show its secret, this once."""
    form = TokenForm(request.POST or None, portal=request.portal)
    if not form.is_valid():
        return _page(request, form=form, status=422 if form.is_bound else 200)
    try:
        token, secret = tokens.make(
            user=request.user,
            name=form.cleaned_data["name"],
            may_act=form.cleaned_data["may_act"],
            expires_at=form.expires_at,
            now=timezone.now(),
        )
    except tokens.TooManyTokens:
        form.add_error(
            None, f"You have {tokens.MOST_TOKENS} tokens, the most there may be. End one first."
        )
        return _page(request, form=form, status=422)
    # Not kept in the session or the address: a page that is loaded anew does not have it.
    return _page(request, form=TokenForm(portal=request.portal), made=token, secret=secret)


@_require_portal
@require_POST
def end(request: access.SignedInRequest, token_id: int) -> HttpResponse:
    """End a token of one's own."""
    own = ApiToken.objects.filter(user=request.user, portal=request.portal)
    token = get_object_or_404(own, pk=token_id)
    if tokens.end(token=token, by=request.user, now=timezone.now()):
        messages.success(request, f"{token.name} has ended. What uses it is refused from now on.")
    else:
        messages.info(request, f"{token.name} had ended already.")
    return redirect("account_tokens")


def _page(
    request: access.SignedInRequest,
    *,
    form: TokenForm,
    status: int = 200,
    made: ApiToken | None = None,
    secret: str = "",
) -> HttpResponse:
    now = timezone.now()
    context = {
        "form": form,
        "made": made,
        "secret": secret,
        "live": tokens.live_of(request.user, now=now),
        "ended": tokens.ended_of(request.user, now=now),
        "shown": permissions.in_words(request.user),
    }
    return render(request, "lrm/tokens.html", context, status=status)
