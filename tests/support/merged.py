"""Two learners whose contacts were merged in Xero, and what every output says of the document."""

import csv
import datetime
import io
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import openpyxl
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from connected_apps.models import Organisation
from invoices.models import Document
from lrm.models import Learner, Portal, User
from reports.models import ReportSchedule
from reports.schedules import sendings
from tests.support import builders as people
from tests.support import document_builders, page_reading

NUMBER = "INV-77001"
DAY = datetime.timedelta(days=1)
# A trigger notes that the document came to another contact.
_MOVE = "UPDATE invoices_document SET contact_xero_id = %s WHERE id = %s"
_IS_MERGE = "UPDATE invoices_documentmove SET is_merge = TRUE WHERE document_id = %s"


@dataclass
class Merged:
    """Ann's invoice, which `merge` gives to Ben's contact; and who looks at it."""

    client: Client
    portal: Portal
    organisation: Organisation
    ann: Learner
    ben: Learner
    anns: UUID
    bens: UUID
    document: Document
    accounts: User

    def merge(self, through: Any = connection) -> None:
        """Store what a merge of Ann's contact into Ben's does; `through` is a connection."""
        move(self.document, self.bens, through)

    def text(self, address: str) -> str:
        """Return what people read on a page."""
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        return page_reading.text_of(answer.content.decode().partition("<main")[2])

    def file(self, address: str) -> bytes:
        """Return a file."""
        answer: Any = self.client.get(address)
        assert answer.status_code == 200, address
        return bytes(answer.getvalue())

    def json(self, address: str) -> Any:
        """Return what a program reads."""
        return json.loads(self.file(address))

    def row(self, address: str) -> str:
        """Return what people read in the row of a table, or the line of a list, that names it."""
        html = self.client.get(address).content.decode()
        parts = re.split(r"(?=<tr|<li|<dt)", html.partition("<main")[2])
        return " ".join(page_reading.text_of(one) for one in parts if NUMBER in one)

    def line(self, file: bytes) -> dict[str, Any]:
        """Return the line of a CSV that is the document's."""
        rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
        return next(one for one in rows if one["Number"] == NUMBER)

    def cells(self, file: bytes) -> dict[str, Any]:
        """Return the row of a workbook that is the document's."""
        headings, *rows = openpyxl.load_workbook(io.BytesIO(file))["Documents"].values
        found = (dict(zip(headings, row, strict=True)) for row in rows)
        return next(one for one in found if one["Number"] == NUMBER)

    def mailed(self, attached: str, query: str = "date_from=&date_to=") -> bytes:
        """Return the file of a mail that a schedule sends."""
        self.client.post(
            "/reports/schedules/new/",
            {
                "report": "0442",
                "query": query,
                "cadence": "WEEKLY",
                "weekday": "0",
                "day_of_month": "1",
                "hour": "8",
                "span": "KEPT",
                "attached": attached,
                "recipients": [self.accounts.pk],
            },
        )
        due = ReportSchedule.objects.latest("pk").next_at
        assert due is not None
        sendings.send_all(clock=lambda: due)
        file: Any = mail.outbox[-1].attachments[0]
        return file[1].encode() if isinstance(file[1], str) else bytes(file[1])


def move(document: Document, contact_xero_id: UUID, through: Any = connection) -> None:
    """Give a document to another contact, as a merge in Xero does."""
    with through.cursor() as cursor:
        cursor.execute(_MOVE, [str(contact_xero_id), document.pk])
        cursor.execute(_IS_MERGE, [document.pk])


def of(portal: Portal) -> Merged:
    """Store the two learners with a contact each, and Ann's overdue invoice; nothing is merged."""
    organisation = document_builders.make_organisation(portal)
    ann = people.make_learner(portal, number="L900001", given_name="Ann")
    ben = people.make_learner(portal, number="L900002", given_name="Ben")
    anns = document_builders.make_linked(ann, organisation)
    bens = document_builders.make_linked(ben, organisation)
    today = timezone.now().date()
    document = document_builders.make_document(
        organisation,
        number=NUMBER,
        contact_xero_id=anns,
        contact_name="The Contact",
        date=today - 60 * DAY,
        due_date=today - 30 * DAY,
        synced_at=timezone.now(),
    )
    accounts = people.make_user(portal, accounts=True)
    client = people.client_of(accounts)
    return Merged(client, portal, organisation, ann, ben, anns, bens, document, accounts)
