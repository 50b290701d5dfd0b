"""Settings > People: who may do what, and for portal admins what can be done about it."""

import logging

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lrm import access, permissions
from lrm.models import User
from lrm.people import accounts, password_links
from lrm.people.people_forms import InviteForm, RightsForm
from lrm.sign_in import second_factor

logger = logging.getLogger(__name__)

CHANGES_SHOWN = 10
_LAST = (
    "{} is the only portal admin who can sign in. Make somebody else a portal admin first; then "
    "this can be changed."
)
_require_admin = access.require(
    permissions.may_manage_people,
    explanation="Portal admins invite people and say what each may do.",
)


@access.require(permissions.may_see_settings)
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List the portal's people and what each may do."""
    users = request.portal.users.order_by("-is_active", "first_name", "last_name", "username")
    may_manage = permissions.may_manage_people(request.user)
    context = {
        "people": users if may_manage else users.filter(is_active=True),
        "may_manage": may_manage,
        "sees_addresses": permissions.may_see_addresses(request.user),
        "admins": access.people_with(permissions.may_manage_people, portal=request.portal),
        "changes": request.portal.changes.all()[:CHANGES_SHOWN] if may_manage else [],
    }
    return render(request, "lrm/people.html", context)


@_require_admin
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: access.SignedInRequest) -> HttpResponse:
    """Show the empty form, or invite who was typed."""
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            user = accounts.invite(
                portal=request.portal,
                person=form.person(),
                rights=form.rights(),
                by=request.user,
                now=timezone.now(),
            )
        except accounts.UserNameTaken:
            form.say_name_is_taken()
        else:
            messages.success(
                request,
                f"{user} is invited. The link to set a password was sent to {user.email}; it works "
                f"for {password_links.hours()} hours.",
            )
            return redirect("settings_people")
    status = 422 if form.is_bound else 200
    return render(request, "lrm/person_invite.html", {"form": form}, status=status)


@_require_admin
@require_http_methods(["GET", "HEAD", "POST"])
def rights(request: access.SignedInRequest, user_id: int) -> HttpResponse:
    """Show what a person may do, or change it."""
    person = _person(request, user_id)
    initial = {name: getattr(person, name) for name in RightsForm.base_fields}
    form = RightsForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            accounts.change_rights(
                user=person, rights=form.rights(), by=request.user, now=timezone.now()
            )
        except accounts.LastPortalAdmin:
            form.add_error("is_portal_admin", _LAST.format(person))
        else:
            messages.success(request, f"The rights of {person} were saved.")
            return redirect("settings_people")
    context = {
        "person": person,
        "form": form,
        "has_factor": second_factor.is_on(person),
        "must_have_factor": second_factor.is_demanded_of(person),
    }
    return render(request, "lrm/person.html", context, status=422 if form.is_bound else 200)


@_require_admin
@require_POST
def switch_off(request: access.SignedInRequest, user_id: int) -> HttpResponse:
    """Let a person sign in no more."""
    person = _person(request, user_id)
    if person == request.user:
        messages.error(request, "You cannot switch yourself off. Another portal admin can.")
        return redirect("person", person.pk)
    try:
        accounts.switch_off(user=person, by=request.user, now=timezone.now())
    except accounts.LastPortalAdmin:
        messages.error(request, _LAST.format(person))
        return redirect("person", person.pk)
    messages.success(request, f"{person} is switched off and cannot sign in any more.")
    return redirect("settings_people")


@_require_admin
@require_POST
def switch_on(request: access.SignedInRequest, user_id: int) -> HttpResponse:
    """Let a person sign in again."""
    person = _person(request, user_id)
    accounts.switch_on(user=person, by=request.user, now=timezone.now())
    messages.success(
        request, f"{person} can sign in again, with the rights and password of before."
    )
    return redirect("settings_people")


@_require_admin
@require_POST
def password_link(request: access.SignedInRequest, user_id: int) -> HttpResponse:
    """Mail a person a link to set a new password."""
    person = _person(request, user_id)
    if not person.email or not person.is_active:
        messages.error(request, f"{person} has no e-mail address here, or is switched off.")
        return redirect("person", person.pk)
    accounts.send_password_link(user=person, by=request.user, now=timezone.now())
    messages.success(
        request,
        f"A link to set a password was sent to {person.email}; it works for "
        f"{password_links.hours()} hours.",
    )
    return redirect("settings_people")


@_require_admin
@require_POST
def reset_second_factor(request: access.SignedInRequest, user_id: int) -> HttpResponse:
    """Take away the second factor of somebody who lost it."""
    person = _person(request, user_id)
    if person == request.user:
        messages.error(request, "Your own second factor is switched off under Your account.")
        return redirect("person", person.pk)
    if second_factor.reset(user=person, by=request.user, now=timezone.now()):
        logger.warning("User %s reset the second factor of user %s", request.user.pk, person.pk)
        messages.success(
            request,
            f"The second factor of {person} was reset, with app, passkeys and recovery codes. They "
            "sign in with the password alone until they set up another, and were told by e-mail.",
        )
    else:
        messages.info(request, f"{person} has no second factor.")
    return redirect("person", person.pk)


def _person(request: access.SignedInRequest, user_id: int) -> User:
    return get_object_or_404(request.portal.users, id=user_id)
