"""Start-up checks of the Xero settings: wrong ones are named before anybody presses Connect."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from connected_apps.oauth import encryption

# Xero's scopes page: apps made since March 2026 get granular scopes only, and these end in 2027.
_BROAD = {
    "accounting.transactions",
    "accounting.transactions.read",
    "accounting.reports.read",
}


@register
def check_scopes(**_options: Any) -> list[CheckMessage]:
    """Warn of scopes that Xero refuses or that leave the connection without a refresh token."""
    found: list[CheckMessage] = []
    broad = sorted(_BROAD & set(settings.XERO_SCOPES))
    if broad:
        found.append(
            Warning(
                f"XERO_SCOPES asks for broad scopes that Xero is ending: {', '.join(broad)}.",
                hint="Use the granular ones, such as accounting.invoices.read.",
                id="connected_apps.W001",
            )
        )
    if "offline_access" not in settings.XERO_SCOPES:
        found.append(
            Error(
                "XERO_SCOPES lacks offline_access: Xero would give no refresh token, and every "
                "connection would end after 30 minutes.",
                id="connected_apps.E001",
            )
        )
    return found


@register
def check_keys(**_options: Any) -> list[CheckMessage]:
    """Refuse keys that cannot encrypt."""
    try:
        encryption.encrypt("")
    except ImproperlyConfigured as error:
        return [Error(str(error), id="connected_apps.E002")]
    return []
