"""`manage.py xero_status [PORTAL_SLUG]`: what every connection is in, for operators."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connected_apps import queries
from connected_apps.card import facts
from connected_apps.models import Connection
from connected_apps.states import states
from lrm.models import Portal


class Command(BaseCommand):
    """Print state, reason, age of tokens and checks, and what other apps know. No secrets."""

    help = "Shows the state of Xero connections: of one portal, or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an optional portal."""
        parser.add_argument("portal", nargs="?", metavar="PORTAL_SLUG")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print one block a portal."""
        portals = Portal.objects.order_by("slug")
        slug = options["portal"]
        if slug:
            portals = portals.filter(slug=slug)
            if not portals:
                raise CommandError(f"There is no portal {slug!r}.")
        now = timezone.now()
        for portal in portals:
            self.stdout.write(f"{portal.slug}: {_headline(portal, now=now)}")
            for line in _lines(portal, now=now):
                self.stdout.write(f"  {line}")


def _headline(portal: Portal, *, now: datetime) -> str:
    connection = queries.connection_of(portal)
    if connection is None:
        return "Not connected"
    shown = states.shown(connection, now=now)
    name = f" to {connection.organisation}" if connection.organisation else ""
    return f"{shown.state.label}{name} since {connection.state_since:%Y-%m-%d %H:%M} UTC"


def _lines(portal: Portal, *, now: datetime) -> list[str]:
    lines = []
    connection = queries.connection_of(portal)
    if connection is not None:
        lines = _connection_lines(connection, now=now)
    for removal in queries.removals_waiting(portal):
        lines.append(
            f"waiting to be removed in Xero: {removal.organisation_name}, "
            f"{removal.attempts} tries, next at {removal.next_try_at:%Y-%m-%d %H:%M} UTC"
        )
    return lines


def _connection_lines(connection: Connection, *, now: datetime) -> list[str]:
    lines = [f"generation {connection.generation}"]
    reason = states.shown(connection, now=now).reason
    if reason:
        lines.append(reason)
    if connection.grant is not None:
        grant = connection.grant
        left = int((grant.access_expires_at - now).total_seconds() // 60)
        lines.append(
            f"tokens refreshed {grant.refresh_count} times, last "
            f"{grant.refreshed_at:%Y-%m-%d %H:%M} UTC, access token {max(left, 0)} minutes left"
        )
    if connection.checked_at is not None:
        lines.append(f"confirmed by Xero {connection.checked_at:%Y-%m-%d %H:%M} UTC")
    for fact in facts.facts_of(connection, now=now):
        at = f" {fact.at:%Y-%m-%d %H:%M} UTC" if fact.at else ""
        lines.append(f"{fact.label}: {fact.value}{at}".rstrip())
    return lines
