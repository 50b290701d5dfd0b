"""Sentences of the re-sync page, as people read them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import run_titles
from xero_sync.runs.previews import Preview
from xero_sync.runs.run_progress import Progress
from xero_sync.status import run_words
from xero_sync.store.currency_totals import Both

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
NOTHING = Progress(
    read=0,
    total=None,
    new=0,
    changed=0,
    unchanged=0,
    quarantined=0,
    per_second=None,
    left=None,
    kinds=[],
)


def text_of(html: str) -> str:
    """Return what people read of a sentence."""
    return re.sub(r"<[^>]*>", "", html).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("figures", "unmatched", "sentence", "details"),
    [
        ({}, None, "0 documents read.", ""),
        ({"read": 1, "new": 1}, 0, "1 document read.", "1 new"),
        (
            {"read": 1200, "new": 1000, "changed": 200},
            1,
            "1,200 documents read. 1 belongs to no learner.",
            "1,000 new, 200 changed",
        ),
        (
            {"read": 3000, "unchanged": 1500, "quarantined": 1500},
            1100,
            "3,000 documents read. 1,500 could not be saved. 1,100 belong to no learner.",
            "1,500 unchanged",
        ),
    ],
)
def test_end_is_told_without_zeros(
    figures: dict[str, Any], unmatched: int | None, sentence: str, details: str
) -> None:
    progress = Progress(**{**vars(NOTHING), **figures})

    said = run_words.ended_run(progress, unmatched=unmatched)

    assert text_of(said) == sentence
    assert ("tab=no-learner" in said) == bool(unmatched)
    assert run_words.details_of_run(progress) == details


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": RunState.RUNNING, "reason": ""}, ""),
        ({"state": RunState.PAUSED, "reason": "", "not_before": NOW}, ""),
        ({"state": RunState.CANCELLED, "reason": "Cancelled by <A>"}, "Cancelled by &lt;A&gt;."),
        ({"state": RunState.RUNNING, "reason": "Xero is slow", "not_before": NOW}, "Xero is slow."),
        ({"state": RunState.PAUSED, "reason": "Xero is slow"}, "Xero is slow."),
        (
            {"state": RunState.PAUSED, "reason": "Xero is slow", "not_before": NOW},
            "Xero is slow. Next try today at 1:00 am.",
        ),
        (
            {
                "state": RunState.PAUSED,
                "reason": "Today's calls are used up",
                "not_before": NOW + timedelta(hours=23),
            },
            "Today&#x27;s calls are used up. Next try tomorrow at 12:00 am.",
        ),
    ],
)
def test_reason_tells_the_next_try_with_its_day_where_that_is_another(
    fields: dict[str, Any], sentence: str
) -> None:
    assert text_of(run_words.reason_of_run(SyncRun(**fields), now=NOW)) == sentence


@pytest.mark.parametrize(
    ("finished_at", "must_wait", "start", "end"),
    [
        (None, False, "The first sync was cancelled, so older", "New changes still arrive."),
        (NOW, False, "was cancelled today at 1:00 am, so older", "New changes still arrive."),
        (None, True, "was cancelled, so older", "the re-sync that is under way has ended."),
    ],
)
def test_cancelled_first_sync_is_told_with_what_it_means(
    finished_at: datetime | None, must_wait: bool, start: str, end: str
) -> None:
    run = SyncRun(finished_at=finished_at)

    sentence = text_of(run_words.stopped_first_sync(run, must_wait=must_wait, now=NOW))

    assert start in sentence
    assert sentence.endswith(end)


@pytest.mark.parametrize(
    ("read", "stored", "words"),
    [
        ("1234.5", "1234.5", "AUD 1,234.50"),
        ("0.125", "0.1250", "AUD 0.1250"),
        ("1234.5", "1000", "AUD 1,234.50 read, 1,000.00 stored"),
    ],
)
def test_sum_tells_both_sides_where_they_differ(read: str, stored: str, words: str) -> None:
    assert run_words.sum_of_currency("AUD", Both(Decimal(read), Decimal(stored))) == words


FITS = "That fits into today's limit of calls to Xero."


@pytest.mark.parametrize(
    ("what", "counts", "calls", "minutes", "paragraphs"),
    [
        (
            RunWhat.LEARNERS,
            [("Learners", 0)],
            0,
            0,
            [
                "Every learner who was changed between these days is in Xero already. "
                "There is nothing to send."
            ],
        ),
        (
            RunWhat.LEARNERS,
            [("Learners", 1)],
            2,
            0,
            [
                "1 learner changed between these days and is not in Xero.",
                FITS,
            ],
        ),
        (
            RunWhat.LEARNERS,
            [("Learners", 1200)],
            48,
            1,
            [
                "1,200 learners changed between these days and are not in Xero.",
                FITS,
            ],
        ),
        (
            RunWhat.DOCUMENTS,
            [("Invoices", 1500), ("Credit notes", 1)],
            12,
            0,
            [
                "1,501 documents, less than a minute.",
                FITS,
            ],
        ),
        (
            RunWhat.DOCUMENTS,
            [("Invoices", None), ("Credit notes", 7)],
            5000,
            100,
            [
                "More than 7 documents, about 101 minutes.",
                "That takes about 5,000 calls to Xero. Today 4,000 are left for re-syncs; the rest "
                "continues by itself when Xero's next day begins.",
            ],
        ),
    ],
)
def test_preview_tells_what_there_is_and_what_it_costs(
    what: RunWhat,
    counts: list[tuple[str, int | None]],
    calls: int,
    minutes: int,
    paragraphs: list[str],
) -> None:
    found = Preview(what=what, counts=counts, calls=calls, minutes=minutes, left_today=4000)

    assert [text_of(one) for one in run_words.preview(found)] == paragraphs


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (88.1, "89 s"),
        (90, "2 min"),
        (89, "89 s"),
        (91, "2 min"),
        (5340, "89 min"),
        (5400, "1 h 30 min"),
    ],
)
def test_duration_is_rounded_up(seconds: float, words: str) -> None:
    assert run_titles.duration(timedelta(seconds=seconds)) == words
