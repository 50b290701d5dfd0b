"""Cutting the window of a step: by age where the newest comes first, else in two halves."""

from datetime import datetime

from django.db import transaction

from lrm import day_formats
from xero_sync.models import SyncStep
from xero_sync.pull import date_windows
from xero_sync.resources import Resource
from xero_sync.runs import newest_first, run_log, step_checkpoint

# A good part below Xero's 100,000, since more may be there than is stored here.
LARGE = 60_000


def is_large(step: SyncStep) -> bool:
    """Return whether more is stored than Xero may list, or than is read in one part."""
    stored = date_windows.of_step(step).stored(step.run.organisation_id)
    count = stored[: LARGE + 1].count()
    return count > LARGE or newest_first.is_worth_it(step, count=count, is_stored=True)


def cut(step: SyncStep, now: datetime) -> bool:
    """Cut a step's window: the step keeps the first part. Return False when it is one day.

    It is cut by age where it can be, and else in two.
    """
    window = date_windows.of_step(step)
    if not window.days:
        return False
    by_age = newest_first.parts_of(step)
    first, *others = by_age or window.parts()
    with transaction.atomic():
        step_checkpoint.renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(date_from=first.date_from, date_to=first.date_to)
        for other in others:
            SyncStep.objects.create(
                run=step.run,
                resource=step.resource,
                date_from=other.date_from,
                date_to=other.date_to,
                is_older=newest_first.is_older(step, other) if by_age else step.is_older,
                again_since=step.again_since,
            )
    step.date_from, step.date_to = first.date_from, first.date_to
    words = f"reading in two parts, cut at {day_formats.short_day(first.date_to)}"
    if by_age and newest_first.is_older(step, others[0]):
        words = f"reading what is newer than {day_formats.short_day(others[0].date_to)} first"
    run_log.write(step.run, f"{Resource(step.resource).label}: {words}", now=now)
    return True
