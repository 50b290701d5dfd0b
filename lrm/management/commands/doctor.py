"""`manage.py doctor`: everything an operator would check, in one table."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from lrm.watching import checkups


class Command(BaseCommand):
    """Prints what was found; exit code 1 where something is wrong."""

    help = "Looks at everything the product needs, and exits 1 where something is wrong."
    # What is wrong with settings is a line of the table, and no reason not to print it.
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Look, print, and say by the exit code."""
        found = checkups.findings()
        wide = max(len(one.name) for one in found)
        for one in found:
            self.stdout.write(f"{one.level:<5}  {one.name:<{wide}}  {one.words}")
        wrong = sum(one.level is checkups.Level.WRONG for one in found)
        self.stdout.write(f"\n{wrong} wrong." if wrong else "\nNothing is wrong.")
        if wrong:
            sys.exit(1)
