"""Start-up checks: wrong Xero settings, and secrets that no change of keys would reach."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db.models import BinaryField

from connected_apps import errors, registry
from connected_apps.models import XERO
from connected_apps.oauth import id_tokens
from lrm import sealed_values
from lrm.hooks import endpoints
from lrm.sign_in import second_factor
from lrm.watching import checkups

# Xero's scopes page: apps made since March 2026 get granular scopes only, and these end in 2027.
_BROAD = {
    "accounting.transactions",
    "accounting.transactions.read",
    "accounting.reports.read",
}

# To connect, and between two pieces of an answer.
_SECONDS = (3.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class SealedByLrm:
    """Secrets of the LRM itself, as whoever replaces keys and looks after them needs them.

    :param label: what they are, in the plural.
    :param columns: as `table.column`.
    :param seal_anew: encrypts every one with the newest key, and returns how many.
    :param count: returns how many there are, and how many of them no key opens.
    :param instead: what else helps where the key is lost.
    """

    label: str
    columns: Collection[str]
    seal_anew: Callable[[], int]
    count: Callable[[], tuple[int, int]]
    instead: str


SEALED_BY_LRM = (
    SealedByLrm(
        label="second factors",
        columns=("lrm_secondfactor.secret_encrypted", "lrm_secondfactor.waiting_encrypted"),
        seal_anew=second_factor.seal_anew,
        count=second_factor.count_secrets,
        instead="reset that second factor (manage.py reset_second_factor)",
    ),
    SealedByLrm(
        label="secrets of webhook endpoints",
        columns=("lrm_hookendpoint.secret_encrypted", "lrm_hookendpoint.former_encrypted"),
        seal_anew=endpoints.seal_anew,
        count=endpoints.count_secrets,
        instead="delete that endpoint under Settings > Webhooks",
    ),
)


def token_keys() -> Iterable[checkups.Finding]:
    """Find out whether the keys there are still open everything that is kept encrypted."""
    for app in registry.all_apps():
        name = "token keys" if app.name == XERO else f"token keys of {app.title}"
        for sealed in app.sealed:
            yield _keys_finding(name, sealed.label, *sealed.count())
    for ours in SEALED_BY_LRM:
        yield _keys_finding("token keys of LRM", ours.label, *ours.count())


def _keys_finding(name: str, label: str, count: int, unreadable: int) -> checkups.Finding:
    if not unreadable:
        return checkups.Finding(name, checkups.Level.OK, f"{count} {label} can be read.")
    words = (
        f"{unreadable} of {count} {label} cannot be read: put the key that was used back at the "
        "end of TOKEN_ENCRYPTION_KEYS."
    )
    return checkups.Finding(name, checkups.Level.WRONG, words)


def xero_answers() -> Iterable[checkups.Finding]:
    """Find out whether there is a way out to Xero, by the keys that it publishes."""
    try:
        id_tokens.prepare(timeout=_SECONDS)
    except errors.ConnectedAppsError:
        words = "its identity service does not answer: may this host reach XERO_IDENTITY_URL?"
        yield checkups.Finding("xero", checkups.Level.WRONG, words)
    else:
        yield checkups.Finding("xero", checkups.Level.OK, "its identity service answers.")


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


@register
def check_sealed_columns(**_options: Any) -> list[CheckMessage]:
    """Refuse an encrypted column that nobody seals anew when keys are replaced."""
    all_sealed = (*registry.sealed(), *SEALED_BY_LRM)
    known = {column for sealed in all_sealed for column in sealed.columns}
    return [
        Error(
            f"{model._meta.label}.{field.name} is encrypted, and no connected app names it: with "
            "the next change of keys it could never be read again.",
            hint="Hand its SealedColumn to ConnectedApp.sealed; see docs/adding_an_app.md.",
            id="connected_apps.E003",
        )
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
        and field.name.endswith("_encrypted")
        and f"{model._meta.db_table}.{field.name}" not in known
    ]
