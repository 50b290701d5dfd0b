"""The log of a run: lines in words for people, kept with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xero_sync.models import SyncRun, SyncRunLine


@dataclass(frozen=True)
class News:
    """The lines of a run that an open page does not have yet."""

    run: SyncRun
    lines: list[SyncRunLine]


def write(run: SyncRun, text: str, *, now: datetime) -> None:
    """Add a line; the same words twice in a row are one line."""
    last = run.lines.order_by("-id").values_list("text", flat=True).first()
    if last != text[:500]:
        SyncRunLine.objects.create(run=run, at=now, text=text[:500])


def news_of(runs: Iterable[SyncRun], seen: Iterable[str]) -> list[News]:
    """Return the lines that were added to the logs of runs since a page showed them.

    :param seen: of each log on the page "run:line", the ids of the run and of the last line shown.
        They come from an address, so whatever does not look like that is ignored.
    """
    last = dict(ids for one in seen if (ids := _ids(one)) is not None)
    found = [
        News(run, [line for line in run.lines.all() if line.pk > last[run.pk]])
        for run in runs
        if run.pk in last
    ]
    return [news for news in found if news.lines]


def _ids(text: str) -> tuple[int, int] | None:
    run, _, line = text.partition(":")
    return (int(run), int(line)) if run.isdecimal() and line.isdecimal() else None
