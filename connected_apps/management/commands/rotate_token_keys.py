"""`manage.py rotate_token_keys`: encrypt everything stored with the newest key anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connected_apps import errors, registry
from lrm import sealed_columns, sealed_values
from lrm.hooks import endpoints
from lrm.sign_in import second_factor
from lrm.templatetags.shell import all_of

_LOST = (
    "Something in the {label} cannot be decrypted: put the key that was used back at the end of "
    "TOKEN_ENCRYPTION_KEYS, or have it entered anew."
)
_HOOK_LOST = (
    "The secret of a webhook endpoint cannot be decrypted: put the key that was used back at the "
    "end of TOKEN_ENCRYPTION_KEYS, or delete that endpoint under Settings > Webhooks."
)
_FACTOR_LOST = (
    "The secret of a second factor cannot be decrypted: put the key that was used back at the end "
    "of TOKEN_ENCRYPTION_KEYS, or reset that second factor (manage.py reset_second_factor)."
)

# What the LRM itself keeps: how it is sealed anew, what it is, and what to say where it is lost.
_OURS = (
    (second_factor.seal_anew, "second factors", _FACTOR_LOST),
    (endpoints.seal_anew, "secrets of webhook endpoints", _HOOK_LOST),
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
        for seal_anew, label, words in _OURS:
            try:
                done.append(f"{seal_anew()} {label}")
            except sealed_values.CannotOpen:
                lost.append(words)
        if done:
            self.stdout.write(f"{all_of(done)} are encrypted with the newest key.")
        if lost:
            raise CommandError("\n".join(lost))


def _lost_of(sealed: sealed_columns.Sealed, error: Exception) -> str:
    """Return what to do about a value that no key opens: its owner's words where it has some."""
    return str(error) or _LOST.format(label=sealed.label)
