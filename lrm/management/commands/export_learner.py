"""`manage.py export_learner`: everything held on one learner, as JSON."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from lrm.management import one_learner
from lrm.personal_data import export


class Command(BaseCommand):
    """Prints it, or writes it to a file that nobody else may read."""

    help = "Everything held on one learner, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the portal, the learner and where to."""
        one_learner.add_arguments(parser)
        parser.add_argument("--output", default="", help="A file; without it, it is printed")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Export the learner."""
        learner = one_learner.named(options)
        text = export.export_of(learner=learner, portal=learner.portal, by=None, now=timezone.now())
        if not options["output"]:
            self.stdout.write(text)
            return
        path = Path(options["output"])
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
