"""What pages say of re-syncs in whole sentences: how far one is, what it waits for, what it costs.

They are built here because templates of such sentences cannot be read, and tested by tables.
Sentences with a moment in them are HTML, since the moment is a `<time>`; the others are text.
"""

from collections.abc import Iterable
from datetime import datetime

from django.template.defaultfilters import floatformat
from django.utils.html import format_html
from django.utils.safestring import SafeString

from invoices import amounts
from lrm.templatetags import shell
from xero_sync.contacts import page_addresses
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import run_titles
from xero_sync.runs.previews import Preview
from xero_sync.runs.run_progress import Progress
from xero_sync.store.currency_totals import Both


def progress_of_run(progress: Progress, *, unmatched: int | None) -> SafeString:
    """Return how many documents are read, how fast, and what became of them.

    :param unmatched: how many of them belong to no learner; None before that was counted.
    """
    read = f"{progress.read:,}"
    if progress.total is not None:
        read += f" of {progress.total:,}"
    read += " documents read"
    if progress.per_second:
        read += f", {floatformat(progress.per_second, 0)} a second"
    if progress.left:
        read += f", about {run_titles.duration(progress.left)} left"
    became = f"{progress.new:,} new, {progress.changed:,} changed, {progress.unchanged:,} unchanged"
    if progress.quarantined:
        became += f", {progress.quarantined:,} set aside"
    if not unmatched:
        return format_html("{}: {}.", read, became)
    of_nobody = page_addresses.of_nobodys_documents()
    return format_html(
        '{}: {}; <a href="{}">{} belong to no learner</a>.',
        read,
        became,
        of_nobody,
        f"{unmatched:,}",
    )


def reason_of_run(run: SyncRun, *, now: datetime) -> SafeString:
    """Return why a run waits or how it ended, with its next try; empty where there is no reason.

    A try on another day is told with its day.
    """
    if not run.reason:
        return SafeString()
    if run.state != RunState.PAUSED or run.not_before is None:
        return format_html("{}.", run.reason)
    return format_html("{}. Next try {}.", run.reason, shell.at(run.not_before, now))


def stopped_first_sync(run: SyncRun, *, must_wait: bool) -> SafeString:
    """Return what it means that the first sync was cancelled.

    :param must_wait: whether another re-sync keeps it from going on.
    """
    when = format_html(" {}", shell.when(run.finished_at)) if run.finished_at else ""
    waits = " It can go on when the re-sync that is under way has ended." if must_wait else ""
    return format_html(
        "The first sync was cancelled{}. Documents that it had not read are not here, and nothing "
        "fetches them before it goes on; what changes in Xero arrives all the same.{}",
        when,
        waits,
    )


def sum_of_currency(currency: str, both: Both) -> str:
    """Return what was read of a currency, and what is stored where that is another sum."""
    read = f"{currency} {amounts.grouped(both.read)}"
    if both.read == both.stored:
        return read
    return f"{read} read, {amounts.grouped(both.stored)} stored"


def preview(found: Preview) -> list[SafeString]:
    """Return what a re-sync would read and what it would cost, a paragraph each."""
    if found.what == RunWhat.LEARNERS and not found.total:
        return [
            SafeString(
                "Every learner who was changed between these days is in Xero already. "
                "There is nothing to send."
            )
        ]
    return [_what_there_is(found), SafeString(_what_it_costs(found))]


def _what_there_is(found: Preview) -> SafeString:
    if found.what == RunWhat.LEARNERS:
        return format_html(
            "<strong>{} learner{}</strong> changed between these days and did not reach Xero.",
            f"{found.total:,}",
            "" if found.total == 1 else "s",
        )
    return format_html(
        "<strong>{}{} documents</strong>: {}.",
        "" if found.is_exact else "More than ",
        f"{found.total:,}",
        _by_kind(found.counts),
    )


def _by_kind(counts: Iterable[tuple[str, int | None]]) -> str:
    return ", ".join(
        f"{'more than 100,000' if count is None else f'{count:,}'} {label.lower()}"
        for label, count in counts
    )


def _what_it_costs(found: Preview) -> str:
    takes = f"about {found.minutes + 1} minutes" if found.minutes else "less than a minute"
    cost = f"About {found.calls:,} calls to Xero, {takes}."
    left = f"{found.left_today:,}"
    if found.fits_today:
        return f"{cost} That fits into what is left of today ({left} calls)."
    return (
        f"{cost} Today {left} calls are left for re-syncs; "
        "the rest goes on by itself when Xero opens the next day."
    )
