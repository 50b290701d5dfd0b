"""`manage.py rotate_token_keys`: encrypt everything stored with the newest key anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connected_apps import checks, errors, registry
from lrm import sealed_columns, sealed_values
from lrm.templatetags.shell import all_of

_LOST = (
    "Something in the {label} cannot be decrypted: put the key that was used back at the end of "
    "TOKEN_ENCRYPTION_KEYS, or have it entered anew."
)
_LOST_BY_LRM = (
    "Something in the {label} cannot be decrypted: put the key that was used back at the end of "
    "TOKEN_ENCRYPTION_KEYS, or {instead}."
)


class Command(BaseCommand):
    """Put a new key first in TOKEN_ENCRYPTION_KEYS, run this, then take the old key out."""

    help = (
        "Encrypts what connected apps keep secret, second factors and secrets of webhooks anew "
        "with the first of TOKEN_ENCRYPTION_KEYS."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate row by row, each in its own transaction; what fails keeps nothing else back."""
        done: list[str] = []
        lost: list[str] = []
        for sealed in registry.sealed():
            try:
                done.append(f"{sealed.seal_anew()} {sealed.label}")
            except (sealed_values.CannotOpen, errors.WrongTokenKey) as error:
                lost.append(_lost_of(sealed, error))
        for ours in checks.SEALED_BY_LRM:
            try:
                done.append(f"{ours.seal_anew()} {ours.label}")
            except sealed_values.CannotOpen:
                lost.append(_LOST_BY_LRM.format(label=ours.label, instead=ours.instead))
        if done:
            self.stdout.write(f"{all_of(done)} are encrypted with the newest key.")
        if lost:
            raise CommandError("\n".join(lost))


def _lost_of(sealed: sealed_columns.Sealed, error: Exception) -> str:
    """Return what to do about a value that no key opens: its owner's words where it has some."""
    return str(error) or _LOST.format(label=sealed.label)
