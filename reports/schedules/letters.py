"""The mail of a sending: its subject, its words, and the file that comes with it."""

import tempfile
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.urls import reverse

from lrm.models import User
from reports.models import Attached, Report, ReportSending
from reports.schedules import due_times
from reports.schedules.contents import Content

# More are too much for a mail, and take a worker longer than its turn.
MOST_ROWS = 50_000
MOST_BYTES = 8_000_000
_FILES = {
    Attached.CSV: (".csv", "text/csv"),
    Attached.WORKBOOK: (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
_PAGES = {Report.SYNCED_INVOICES: "report_0442", Report.LEARNERS_TO_INVOICE: "report_0443"}


@dataclass(frozen=True)
class Letter:
    """What every recipient of a sending gets."""

    subject: str
    body: str
    # Name, bytes and type of the file; None where only a link is sent.
    file: tuple[str, bytes, str] | None


def letter_of(sending: ReportSending, content: Content) -> Letter:
    """Return the mail; incomplete figures are said in the subject and in its first line."""
    schedule, fresh = sending.schedule, content.facts.fresh
    mark = "" if fresh.is_complete else "[Incomplete] "
    file = _file(schedule.attached, content)
    lines = [
        fresh.line,
        "",
        f"{content.facts.report}, {content.facts.organisation}",
        content.facts.period,
        *([f"Only {content.facts.filters}"] if content.facts.filters else []),
        _rows(content.count),
        "",
        *_about_file(schedule.attached, file),
        f"On a page: {settings.PUBLIC_URL}{page_of(schedule.report)}?{content.query}",
        "",
        f"{due_times.in_words(schedule)}, as {schedule.made_by_name} asked for. "
        f"To change that: {settings.PUBLIC_URL}{reverse('report_schedules')}",
    ]
    subject = f"{mark}{content.facts.report}: {content.facts.period}"
    return Letter(subject, "\n".join(lines), file)


def message_to(user: User, letter: Letter, *, sending: ReportSending, connection: Any) -> Any:
    """Return the message for one person, which has the same Message-ID whenever it is made."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    message = mail.EmailMessage(
        letter.subject,
        letter.body,
        to=[user.email],
        connection=connection,
        headers={"Message-ID": f"<report-{sending.pk}-{user.pk}@{host}>"},
    )
    if letter.file:
        message.attach(*letter.file)
    return message


def page_of(report: str) -> str:
    """Return the address of a report's page."""
    return reverse(_PAGES[Report(report)])


def _rows(count: int | None) -> str:
    if count is None:
        return "Too many rows to count"
    return "1 row" if count == 1 else f"{count:,} rows"


def _file(attached: str, content: Content) -> tuple[str, bytes, str] | None:
    if attached == Attached.LINK or content.count is None or content.count > MOST_ROWS:
        return None
    ending, content_type = _FILES[Attached(attached)]
    with tempfile.TemporaryFile() as target:
        content.writers[ending](target)
        if target.tell() > MOST_BYTES:
            return None
        target.seek(0)
        return content.name_of_file(ending), target.read(), content_type


def _about_file(attached: str, file: tuple[str, bytes, str] | None) -> list[str]:
    if attached == Attached.LINK:
        return []
    if file is None:
        return ["The file is too large for a mail. It can be downloaded from the page."]
    return [f"Attached: {file[0]}"]
