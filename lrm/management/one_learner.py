"""Naming one learner on the command line: by portal and number."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from lrm.models import Learner, Portal


def add_arguments(parser: CommandParser) -> None:
    """Take both."""
    parser.add_argument("portal", help="The portal's name in addresses")
    parser.add_argument("number", help="The learner number")


def named(options: dict[str, Any]) -> Learner:
    """Return the learner.

    :raises CommandError: there is no such portal, or no such learner in it.
    """
    portal = Portal.objects.filter(slug=options["portal"]).first()
    if portal is None:
        raise CommandError(f"There is no portal {options['portal']}.")
    learner = portal.learners.select_related("portal").filter(number=options["number"]).first()
    if learner is None:
        raise CommandError("There is no learner with this number in the portal.")
    return learner
