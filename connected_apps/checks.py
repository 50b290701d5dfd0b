"""Start-up checks of the Xero settings: wrong ones are named before anybody presses Connect."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from connected_apps import errors
from connected_apps.models import Grant
from connected_apps.oauth import encryption
from lrm import sealed_values
from lrm.watching import checkups

# Xero's scopes page: apps made since March 2026 get granular scopes only, and these end in 2027.
_BROAD = {
    "accounting.transactions",
    "accounting.transactions.read",
    "accounting.reports.read",
}


def token_keys() -> Iterable[checkups.Finding]:
    """Find out whether every stored token can still be read with the keys there are."""
    name, unreadable, count = "token keys", 0, 0
    for grant in Grant.objects.only("portal_id", encryption.REFRESH).iterator():
        count += 1
        try:
            encryption.read(grant, encryption.REFRESH)
        except errors.WrongTokenKey:
            unreadable += 1
    if unreadable:
        words = (
            f"{unreadable} of {count} stored permissions cannot be read: put the key that was used "
            "back at the end of TOKEN_ENCRYPTION_KEYS."
        )
        yield checkups.Finding(name, checkups.Level.WRONG, words)
    else:
        yield checkups.Finding(name, checkups.Level.OK, f"{count} stored permissions can be read.")


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
        sealed_values.seal("", place="")
    except ImproperlyConfigured as error:
        return [Error(str(error), id="connected_apps.E002")]
    return []
