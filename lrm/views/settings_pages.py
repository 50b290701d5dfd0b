"""Settings: the portal's details, and for portal admins the form to change them."""

from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from lrm import access, permissions
from lrm.models import PortalAct
from lrm.people import portal_changes
from lrm.people.people_forms import PortalForm


@access.require(permissions.may_see_settings)
@require_safe
def portal_details(request: access.SignedInRequest) -> HttpResponse:
    """Show the portal's name, address and time zone."""
    month = request.portal.financial_year_first_month
    context = {
        "people_count": request.portal.users.filter(is_active=True).count(),
        "first_month": date(2000, month, 1),
        "may_edit": permissions.may_manage_people(request.user),
    }
    return render(request, "lrm/portal_details.html", context)


@access.require(
    permissions.may_manage_people, explanation="Portal admins change the portal's details."
)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: access.SignedInRequest) -> HttpResponse:
    """Show the form of the portal's details, or save them."""
    portal = request.portal
    form = PortalForm(request.POST or None, portal=portal)
    if form.is_valid():
        changed = [str(form.fields[name].label) for name in form.changed_data]
        for name, value in form.cleaned_data.items():
            setattr(portal, name, value)
        with transaction.atomic():
            portal.save(update_fields=list(form.cleaned_data))
            if changed:
                portal_changes.record(
                    portal=portal,
                    act=PortalAct.PORTAL,
                    by=request.user,
                    now=timezone.now(),
                    detail=", ".join(changed),
                )
        messages.success(request, "The portal's details were saved.")
        return redirect("settings")
    return render(
        request, "lrm/portal_edit.html", {"form": form}, status=422 if form.is_bound else 200
    )
