"""Connecting and disconnecting Beacon."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from beacon import connecting
from lrm import access, permissions

_WHO = "Connecting Beacon needs a portal admin who also has an LRM role."


class KeyForm(forms.Form):
    """The key as it was pasted; it is never shown again."""

    key = forms.RegexField(
        r"^bk_[0-9a-zA-Z]{24}$",
        label="Key",
        error_messages={"invalid": "A key of Beacon is bk_ and 24 letters and digits."},
        help_text="In Beacon under Settings, Keys.",
        widget=forms.PasswordInput({"class": "form-control", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(permissions.may_manage_connected_apps, explanation=_WHO)
def connect(request: access.SignedInRequest) -> HttpResponse:
    """Ask for the key; connect when it is posted."""
    form = KeyForm(request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "beacon/connect.html", {"form": form}, status=status)
    connecting.connect(
        portal=request.portal,
        key=form.cleaned_data["key"],
        by=request.user,
        now=timezone.now(),
    )
    messages.success(request, "Beacon is connected.")
    return redirect("connected_apps")


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(permissions.may_manage_connected_apps, explanation=_WHO)
def disconnect(request: access.SignedInRequest) -> HttpResponse:
    """Say what it means; disconnect when it is posted."""
    if request.method != "POST":
        return render(request, "beacon/disconnect.html")
    if connecting.disconnect(portal=request.portal, by=request.user, now=timezone.now()):
        messages.success(request, "Beacon is disconnected, and its key is forgotten.")
    else:
        messages.info(request, "Beacon is not connected, so there is nothing to disconnect.")
    return redirect("connected_apps")
