"""`manage.py seed_demo`: the demo's portals, people and learners."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from lrm.demo import seed


class Command(BaseCommand):
    """Reads the clock and calls `lrm.demo.seed`."""

    help = "Make the demo's portals, people and learners. Changes nothing that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address of a running simulator."""
        parser.add_argument(
            "--from-simulator",
            metavar="URL",
            default="",
            help="make a learner for every contact of this simulator that has a learner's number",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say what was made."""
        try:
            made = seed.seed(now=timezone.now(), simulator_url=options["from_simulator"])
        except (seed.DemoRefused, seed.SimulatorUnreachable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Made {made['portals']} portals, {made['users']} users, {made['learners']} learners."
        )
