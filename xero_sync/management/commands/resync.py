"""`manage.py resync PORTAL_SLUG --from YYYY-MM-DD --to YYYY-MM-DD [--what …] [--wait]`.

Or, for what changed in Xero between two moments, `--changed-from MOMENT --changed-to MOMENT`.
"""

import argparse
import time
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm.models import Portal
from xero_sync.management import run_output
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import changed_spans, date_ranges, request_checks, resumption, run_requests


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-03-31") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a moment such as 2026-03-31T09:00"
        ) from None


# Seconds between two lines of figures.
EVERY = 2.0
_MOVING = (RunState.RUNNING, RunState.VERIFYING)
# The exit code where nothing comes on: neither an end nor an error, as the run goes on by itself.
PARKED = 3
PATIENCE_MINUTES = 15.0


# By whether it is about what changed.
_HOW = {
    False: "Give the first day and the last one: --from YYYY-MM-DD --to YYYY-MM-DD.",
    True: "What changed in Xero needs --changed-from, takes --changed-to, and neither --from nor "
    "--to nor another --what.",
}


class _Silence:
    """How long a run has not come on."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._reached = ""
        self._since = time.monotonic()

    def listen(self, reached: str, heading: str) -> None:
        """Take how far the run has come.

        :raises CommandError: it has been there for longer than the person's patience.
        """
        now = time.monotonic()
        if reached != self._reached:
            self._reached, self._since = reached, now
        if now > self._since + self._patience * 60:
            raise CommandError(
                f"Nothing has come on for {self._patience:g} minutes. {heading}. The re-sync is "
                "not lost: it goes on by itself, and the re-sync page shows how far it is.",
                returncode=PARKED,
            )


def _asked_for(portal: Portal, options: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return what the options ask for.

    :raises CommandError: they do not go together, or some are missing.
    :raises date_ranges.BadRange: the moments make no span.
    """
    days = {"date_from": options["date_from"], "date_to": options["date_to"]}
    moments = [options["changed_from"], options["changed_to"]]
    if not any(moments):
        what = RunWhat(options["what"] or RunWhat.DOCUMENTS)
        if what == RunWhat.CHANGED or None in days.values():
            raise CommandError(_HOW[what == RunWhat.CHANGED])
        return {**days, "what": what}
    if any(days.values()) or options["what"] not in (None, RunWhat.CHANGED) or not moments[0]:
        raise CommandError(_HOW[True])
    since, until = (
        moment if moment is None or moment.tzinfo else moment.replace(tzinfo=portal.zone)
        for moment in moments
    )
    span = changed_spans.of_moments(since=since, until=until or now, now=now)
    first, last = (at.astimezone(portal.zone).date() for at in (span.since, span.until))
    return {"date_from": first, "date_to": last, "what": RunWhat.CHANGED, "span": span}


class Command(BaseCommand):
    """Ask for a re-sync from the shell; exit 0 only when it is verified complete (--wait)."""

    help = (
        "Re-syncs the Xero documents of a portal that are dated in a range, both days included, or "
        "the learners that were changed in it and did not reach Xero, or what changed in Xero "
        "between two moments. "
        "Without --wait it only asks: the workers do it, and the re-sync page shows it."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the portal, the range and whether to wait."""
        parser.add_argument("portal", metavar="PORTAL_SLUG", help="The portal, such as demo.")
        parser.add_argument(
            "--from",
            dest="date_from",
            type=_date,
            metavar="YYYY-MM-DD",
            help="The first day, by the documents' own date or the learners' last change.",
        )
        parser.add_argument(
            "--to",
            dest="date_to",
            type=_date,
            metavar="YYYY-MM-DD",
            help="The last day, which may lie ahead: documents can be dated ahead.",
        )
        parser.add_argument(
            "--what",
            choices=RunWhat.values,
            help="What to re-sync; documents where this is left out.",
        )
        parser.add_argument(
            "--changed-from",
            type=_moment,
            metavar="YYYY-MM-DDTHH:MM",
            help="In place of days: what changed in Xero since then, by the portal's clock.",
        )
        parser.add_argument(
            "--changed-to",
            type=_moment,
            metavar="YYYY-MM-DDTHH:MM",
            help="With --changed-from: the end of the time of which the proof tells; now where "
            "this is left out.",
        )
        parser.add_argument(
            "--wait",
            action="store_true",
            help="Tell how far it is, in UTC, and exit 0 only when it is verified complete.",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE_MINUTES,
            metavar="MINUTES",
            help="With --wait: exit 3 with the reason when nothing has come on for so long (15).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Record the request and, where asked to, watch it to its end.

        :raises CommandError: bad input, not connected, or an end that is not complete.
        """
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']!r}.")
        now = timezone.now()
        is_of_changes = options["changed_from"] is not None
        try:
            asked = _asked_for(portal, options, now=now)
            answer = run_requests.request(portal=portal, by=None, now=now, by_command=True, **asked)
        except date_ranges.BadRange as problem:
            option = problem.field.replace("date_", "--changed-" if is_of_changes else "--")
            raise CommandError(f"{option}: {problem}") from None
        except request_checks.NotPossible as problem:
            raise CommandError(str(problem)) from None
        run = answer.run
        self.stderr.write(answer.words)
        if not options["wait"]:
            queued = "queued" if answer.is_new else run.get_state_display().lower()
            self.stderr.write(f"Re-sync {run.pk} is {queued}.")
            return
        # Runs that were open already may read some of the days instead.
        others = []
        if not is_of_changes:
            others = run_requests.open_between(portal=portal, **asked)
        for one in [run, *(other for other in others if other != run)]:
            self._wait(one, patience=options["patience"])

    def _wait(self, run: SyncRun, *, patience: float) -> None:
        said, said_at = "", 0.0
        silence = _Silence(patience)
        while True:
            run.refresh_from_db()
            now = timezone.now()
            heading = run_output.heading_of(run, now=now)
            # News at once, figures now and then.
            if heading != said or (run.state in _MOVING and time.monotonic() > said_at + EVERY):
                self.stderr.write(run_output.line_of(run, now=now))
                said, said_at = heading, time.monotonic()
            if not run.is_open:
                break
            connection = connection_of(run.portal)
            if connection is None or connection.state not in LIVE:
                raise CommandError(
                    "Xero is not connected any more. The re-sync goes on by itself when a portal "
                    "admin has connected it again on Settings > Connected Apps."
                )
            silence.listen(run_output.reached_by(run, now=now), heading)
            time.sleep(0.3)
        # A longer one that was asked for meanwhile reads these days in its place.
        other = resumption.instead_of(run) if run.state == RunState.CANCELLED else None
        if other is not None:
            self._wait(other, patience=patience)
            return
        if run.state != RunState.DONE:
            raise CommandError(f"{run.get_state_display()}. {run.reason}".strip())
