"""Settings: the portal's details, its people, and whatever apps registered."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lrm import access, permissions

_require_portal = access.require(permissions.may_see_settings)


@_require_portal
@require_safe
def portal_details(request: access.SignedInRequest) -> HttpResponse:
    """Show the portal's name, address and time zone."""
    context = {"people_count": request.portal.users.filter(is_active=True).count()}
    return render(request, "lrm/portal_details.html", context)


@_require_portal
@require_safe
def people(request: access.SignedInRequest) -> HttpResponse:
    """List the portal's people and what each may do."""
    users = request.portal.users.filter(is_active=True).order_by(
        "first_name", "last_name", "username"
    )
    sees_addresses = permissions.may_see_addresses(request.user)
    return render(request, "lrm/people.html", {"people": users, "sees_addresses": sees_addresses})
