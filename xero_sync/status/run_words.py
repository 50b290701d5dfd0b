"""What pages say of re-syncs in whole sentences: how far one is, what it waits for, what it costs.

They are built here because templates of such sentences cannot be read, and tested by tables.
Sentences with a moment in them are HTML, since the moment is a `<time>`; the others are text.
"""

from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from invoices import amounts
from lrm.templatetags import shell
from xero_sync.contacts import page_addresses
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs.previews import Preview
from xero_sync.runs.run_progress import Progress
from xero_sync.store.currency_totals import Both

_WHY_SINCE = (
    "That is all that changed since the first moment: Xero tells only of the last change, so what "
    "changed again after the second one is among them."
)


def ended_run(progress: Progress, *, unmatched: int | None) -> SafeString:
    """Return what a run has read, and what of it needs a look; no zeros.

    :param unmatched: how many documents belong to no learner; None before that was counted.
    """
    sentences = [format_html("{} document{} read.", f"{progress.read:,}", _s(progress.read))]
    if progress.quarantined:
        sentences.append(format_html("{} could not be saved.", f"{progress.quarantined:,}"))
    if unmatched:
        sentences.append(
            format_html(
                '<a href="{}">{} belong{} to no learner</a>.',
                page_addresses.of_nobodys_documents(),
                f"{unmatched:,}",
                "s" if unmatched == 1 else "",
            )
        )
    return format_html_join(" ", "{}", ((one,) for one in sentences))


def details_of_run(progress: Progress) -> str:
    """Return what became of the documents that were read, for those who want to know."""
    became = {"new": progress.new, "changed": progress.changed, "unchanged": progress.unchanged}
    return ", ".join(f"{count:,} {word}" for word, count in became.items() if count)


def reason_of_run(run: SyncRun, *, now: datetime) -> SafeString:
    """Return why a run waits or how it ended, with its next try; empty where there is no reason.

    A try on another day is told with its day.
    """
    if not run.reason:
        return SafeString()
    if run.state != RunState.PAUSED or run.not_before is None:
        return format_html("{}.", run.reason)
    return format_html("{}. Next try {}.", run.reason, shell.at(run.not_before, now))


def stopped_first_sync(run: SyncRun, *, must_wait: bool, now: datetime) -> SafeString:
    """Return what it means that the first sync was cancelled.

    :param must_wait: whether another re-sync keeps it from going on.
    """
    when = format_html(" {}", shell.at(run.finished_at, now)) if run.finished_at else ""
    waits = " It can continue when the re-sync that is under way has ended." if must_wait else ""
    return format_html(
        "The first sync was cancelled{}, so older documents are missing. New changes still "
        "arrive.{}",
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
    paragraphs = [_what_there_is(found), SafeString(_what_it_costs(found))]
    if found.what == RunWhat.CHANGED:
        paragraphs.insert(1, SafeString(_WHY_SINCE))
    return paragraphs


def _what_there_is(found: Preview) -> SafeString:
    if found.what == RunWhat.LEARNERS:
        return format_html(
            "<strong>{} learner{}</strong> changed between these days and {} not in Xero.",
            f"{found.total:,}",
            _s(found.total),
            "is" if found.total == 1 else "are",
        )
    return format_html(
        "<strong>{}{} document{}</strong>, {}.",
        "" if found.is_exact else "More than ",
        f"{found.total:,}",
        _s(found.total),
        _duration(found),
    )


def _what_it_costs(found: Preview) -> str:
    if found.fits_today:
        return "That fits into today's limit of calls to Xero."
    return (
        f"That takes about {found.calls:,} calls to Xero. Today {found.left_today:,} are left for "
        "re-syncs; the rest continues by itself when Xero's next day begins."
    )


def _duration(found: Preview) -> str:
    return f"about {found.minutes + 1} minutes" if found.minutes else "less than a minute"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
