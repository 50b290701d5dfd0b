"""`manage.py reset_second_factor USERNAME`: for the portal admin whom nobody else can let in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from lrm.models import User
from lrm.sign_in import second_factor


class Command(BaseCommand):
    """Takes away a person's app, passkeys and recovery codes.

    It is noted in the portal's changes and told by e-mail.
    """

    help = (
        "Take away the second factor, that is app, passkeys and recovery codes, of a person who "
        "has lost them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user name."""
        parser.add_argument("username", metavar="USERNAME")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Reset it, or say why not."""
        user = User.objects.select_related("portal").filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in by the name {options['username']!r}.")
        if not second_factor.reset(user=user, by=None, now=timezone.now()):
            raise CommandError(f"{user.username} has no second factor.")
        self.stdout.write(
            f"The second factor of {user.username} is gone: app, passkeys and recovery codes. "
            "All their sessions have ended. The password is enough to sign in; they were told by "
            "e-mail."
        )
