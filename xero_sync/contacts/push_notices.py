"""Telling people that learners can be checked against Xero now, and wait for somebody to start."""

from django.urls import reverse

from connected_apps.models import Organisation
from connected_apps.states import admin_notices
from lrm import notices, permissions
from xero_sync.contacts import push_gate


def contacts_are_read(*, organisation_id: int) -> None:
    """Tell whoever may start it, in the transaction in which the first sweep of contacts ends."""
    organisation = Organisation.objects.select_related("portal").get(pk=organisation_id)
    if push_gate.is_open(organisation):
        return
    admins = admin_notices.portal_admins(organisation.portal)
    notices.notify(
        users=[user for user in admins if permissions.may_manage_connected_apps(user)] or admins,
        text=(
            f"All contacts of {organisation.name} are read. See what would become of your "
            "learners, then start sending them to Xero; nothing is sent before."
        ),
        url=reverse("contacts_start"),
    )
