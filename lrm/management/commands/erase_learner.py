"""`manage.py erase_learner`: deletes what is held on one learner, after saying what stays."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from lrm.management import one_learner
from lrm.personal_data import erasure, holdings


class Command(BaseCommand):
    """Erases only where the number is given a second time."""

    help = "Erase one learner. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the portal, the learner, and the number once more."""
        one_learner.add_arguments(parser)
        parser.add_argument("--confirm", default=None, help="The learner number once more")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what stays, have it confirmed, and erase."""
        learner = one_learner.named(options)
        confirmed = options["confirm"]
        if confirmed is None:
            if not sys.stdin.isatty():
                raise CommandError("Nobody is here to ask: give --confirm with the learner number.")
            self.stdout.write("What stays:\n" + "\n".join(f"- {s}" for s in holdings.what_stays()))
            confirmed = input("This cannot be undone. Type the learner number to erase: ")
        try:
            erasure.erase(
                learner=learner,
                portal=learner.portal,
                confirmed=confirmed,
                by=None,
                now=timezone.now(),
            )
        except erasure.NotConfirmed:
            raise CommandError("That is another number. Nothing was erased.") from None
        self.stdout.write("The learner was erased.")
