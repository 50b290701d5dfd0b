"""`manage.py rotate_token_keys`: encrypt every stored token anew with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from connected_apps import errors
from connected_apps.models import Grant
from connected_apps.oauth import encryption

_COLUMNS = (
    "access_token_encrypted",
    "refresh_token_encrypted",
    "previous_refresh_token_encrypted",
)


class Command(BaseCommand):
    """Put a new key first in TOKEN_ENCRYPTION_KEYS, run this, then take the old key out."""

    help = "Encrypts every stored token anew with the first of TOKEN_ENCRYPTION_KEYS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate grant by grant, each in its own transaction, waiting for refreshes under way."""
        ids = list(Grant.objects.order_by("pk").values_list("pk", flat=True))
        try:
            done = sum(_rotate(pk) for pk in ids)
        except errors.WrongTokenKey as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} grants are encrypted with the newest key.")


def _rotate(grant_id: int) -> int:
    with transaction.atomic():
        grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None:
            return 0
        for column in _COLUMNS:
            stored = getattr(grant, column)
            if stored is not None:
                setattr(grant, column, encryption.rotate(stored))
        grant.save(update_fields=_COLUMNS)
    return 1
