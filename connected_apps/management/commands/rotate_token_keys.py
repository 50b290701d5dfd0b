"""`manage.py rotate_token_keys`: encrypt everything stored with the newest key anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from connected_apps import errors
from connected_apps.models import Grant
from connected_apps.oauth import encryption
from lrm import sealed_values
from lrm.hooks import endpoints
from lrm.sign_in import second_factor

_LOST = (
    "The secret of a second factor cannot be decrypted: put the key that was used back at the end "
    "of TOKEN_ENCRYPTION_KEYS, or reset that second factor (manage.py reset_second_factor)."
)


_LOST_HOOK = (
    "The secret of a webhook endpoint cannot be decrypted: put the key that was used back at the "
    "end of TOKEN_ENCRYPTION_KEYS, or delete that endpoint under Settings > Webhooks."
)


class Command(BaseCommand):
    """Put a new key first in TOKEN_ENCRYPTION_KEYS, run this, then take the old key out."""

    help = (
        "Encrypts tokens, second factors and secrets of webhooks anew with the first of "
        "TOKEN_ENCRYPTION_KEYS."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate grant by grant, each in its own transaction, waiting for refreshes under way."""
        ids = list(Grant.objects.order_by("pk").values_list("pk", flat=True))
        try:
            done = sum(_rotate(pk) for pk in ids)
        except errors.WrongTokenKey as error:
            raise CommandError(str(error)) from error
        try:
            factors = second_factor.seal_anew()
        except sealed_values.CannotOpen as error:
            raise CommandError(_LOST) from error
        try:
            hooks = endpoints.seal_anew()
        except sealed_values.CannotOpen as error:
            raise CommandError(_LOST_HOOK) from error
        self.stdout.write(
            f"{done} grants, {factors} second factors and the secrets of {hooks} webhook endpoints "
            "are encrypted with the newest key."
        )


def _rotate(grant_id: int) -> int:
    with transaction.atomic():
        grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None:
            return 0
        encryption.put_anew(grant)
        grant.save(update_fields=encryption.COLUMNS)
    return 1
