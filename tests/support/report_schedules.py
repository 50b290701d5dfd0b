"""Reports by e-mail: schedules made on the page, and what is due done by a worker."""

import datetime
from typing import Any

from django.test import Client

from lrm.models import User
from reports.models import ReportSchedule
from reports.schedules import sendings
from tests.support import document_builders, page_reading

LIST = "/reports/schedules/"
NEW = f"{LIST}new/"
# Friday noon in Sydney.
NOW = document_builders.NOW
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
FORM = {
    "report": "0442",
    "query": "date_from=&date_to=&currency=AUD",
    "cadence": "WEEKLY",
    "weekday": "0",
    "day_of_month": "1",
    "hour": "8",
    "span": "KEPT",
    "attached": "XLSX",
}


def make(client: Client, *recipients: User, **fields: Any) -> ReportSchedule:
    """Make a schedule on the page."""
    answer = client.post(NEW, {**FORM, "recipients": [one.pk for one in recipients], **fields})
    assert answer.status_code == 302, page_reading.text_of(answer.content.decode())
    return ReportSchedule.objects.latest("pk")


def send(at: datetime.datetime) -> int:
    """Let a worker do what is due at a moment."""
    return sendings.send_all(clock=lambda: at)
