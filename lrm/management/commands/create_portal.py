"""`manage.py create_portal`: a portal and its first portal admin, asked for or by options."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lrm.people import first_portal, password_links

# Option, question, and what an empty answer means; None where there must be one.
_QUESTIONS: tuple[tuple[str, str, str | None], ...] = (
    ("name", "Name of the training provider", None),
    ("time_zone", "Time zone", "Australia/Sydney"),
    ("username", "User name of the portal admin", "admin"),
    ("email", "Their e-mail address", None),
    ("given_name", "Their given name", ""),
    ("family_name", "Their family name", ""),
)


class Command(BaseCommand):
    """Makes both or nothing, and prints the link by which the portal admin sets a password."""

    help = "Make a portal and its portal admin, and print a link to set the password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take every answer as an option, too."""
        for name, question, otherwise in _QUESTIONS:
            option = f"--{name.replace('_', '-')}"
            words = f"{question}; {otherwise} by default" if otherwise else question
            parser.add_argument(option, default=None, help=words)
        parser.add_argument("--slug", default="", help="Short name for commands; from the name")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Ask for what no option says, and make them."""
        answers = {
            name: options[name] if options[name] is not None else _ask(name, question, otherwise)
            for name, question, otherwise in _QUESTIONS
        }
        try:
            user = first_portal.make(first_portal.Wanted(slug=options["slug"], **answers))
        except first_portal.NotMade as problem:
            raise CommandError(str(problem)) from problem
        assert user.portal is not None  # noqa: S101 - made with it
        self.stdout.write(
            f"Made the portal {user.portal.name} ({user.portal.slug}) and its portal admin "
            f"{user.username}.\n"
            f"They set their password here, once, within {password_links.hours()} hours:\n"
            f"{password_links.address_of(user)}"
        )


def _ask(name: str, question: str, otherwise: str | None) -> str:
    """Return what the person at the terminal answers.

    :raises CommandError: where nobody is there to answer, or does not.
    """
    if not sys.stdin.isatty():
        if otherwise is None:
            raise CommandError(f"Nobody is here to ask: give --{name.replace('_', '-')}.")
        return otherwise
    hint = f" [{otherwise}]" if otherwise else ""
    for _ in range(3):
        answer = input(f"{question}{hint}: ").strip()
        if answer or otherwise is not None:
            return answer or otherwise or ""
    raise CommandError(f"{question}: an answer is needed.")
