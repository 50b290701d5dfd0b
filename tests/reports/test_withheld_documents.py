"""A document that a merge in Xero took from another learner names none, wherever it is told of.

One table of all outputs: each gives what it says of the document, which is one learner's only once
a person has said that the two share the contact.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from connected_apps.models import Organisation
from invoices.models import Document, DocumentMove
from lrm.models import Learner, Portal, User
from reports.models import ReportSchedule
from reports.schedules import sendings
from tests.support import builders as people
from tests.support import document_builders, page_reading

pytestmark = pytest.mark.django_db

NUMBER = "INV-77001"
DAY = datetime.timedelta(days=1)
WITHHELD = "Withheld since a merge in Xero"


@dataclass
class Merged:
    """Ann's invoice, which a merge gave to Ben's contact; and who looks at it."""

    client: Client
    portal: Portal
    organisation: Organisation
    ann: Learner
    ben: Learner
    bens: UUID
    document: Document
    accounts: User

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

    def mailed(self, attached: str) -> bytes:
        """Return the file of a mail that a schedule sends."""
        self.client.post(
            "/reports/schedules/new/",
            {
                "report": "0442",
                "query": "date_from=&date_to=",
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


@pytest.fixture
def merged(portal: Portal) -> Merged:
    organisation = document_builders.make_organisation(portal)
    ann = people.make_learner(portal, number="L900001", given_name="Ann")
    ben = people.make_learner(portal, number="L900002", given_name="Ben")
    anns = document_builders.make_linked(ann, organisation)
    bens = document_builders.make_linked(ben, organisation)
    today = timezone.now().date()
    document = document_builders.make_document(
        organisation,
        number=NUMBER,
        contact_xero_id=bens,
        contact_name="The Contact",
        date=today - 60 * DAY,
        due_date=today - 30 * DAY,
        synced_at=timezone.now(),
    )
    DocumentMove.objects.create(
        document=document,
        organisation=organisation,
        from_xero_id=anns,
        to_xero_id=bens,
        read_at=timezone.now(),
        is_merge=True,
    )
    accounts = people.make_user(portal, accounts=True)
    return Merged(
        people.client_of(accounts), portal, organisation, ann, ben, bens, document, accounts
    )


def yesterday() -> datetime.date:
    return timezone.now().date() - DAY


OUTPUTS: dict[str, Callable[[Merged], object]] = {
    "page of #0442": lambda m: m.row("/reports/0442/?date_from=&date_to="),
    "page of #0442, as at a day": lambda m: m.row(
        f"/reports/0442/?date_from=&date_to=&as_at={yesterday()}"
    ),
    "CSV": lambda m: m.line(m.file("/reports/0442.csv")),
    "CSV, as at a day": lambda m: m.line(m.file(f"/reports/0442.csv?as_at={yesterday()}")),
    "workbook": lambda m: m.cells(m.file("/reports/0442.xlsx")),
    "JSON": lambda m: m.json("/reports/0442.json")["rows"],
    "mailed CSV": lambda m: m.line(m.mailed("CSV")),
    "mailed workbook": lambda m: m.cells(m.mailed("XLSX")),
    "search": lambda m: m.row(f"/search/?q={NUMBER[:-1]}"),
    "document's page": lambda m: m.text(f"/documents/{m.document.pk}/"),
    "just changed": lambda m: (
        people.client_of(people.make_user(m.portal))
        .get("/")
        .content.decode()
        .partition('id="changed"')[2]
        .partition("</section>")[0]
    ),
    "API, documents": lambda m: m.json("/api/v1/documents/")["results"],
    "API, a document": lambda m: m.json(f"/api/v1/documents/{m.document.pk}/"),
    "API, #0442": lambda m: m.json("/api/v1/reports/0442/")["results"],
}
# They tell of learners, not of documents: a withheld one must not be counted there.
OF_LEARNERS: dict[str, Callable[[Merged], bool]] = {
    "overdue the longest": lambda m: (
        m.ben.full_name
        in people.client_of(people.make_user(m.portal))
        .get("/")
        .content.decode()
        .partition('id="late"')[2]
        .partition("</section>")[0]
    ),
    "#0443": lambda m: m.ben.number not in m.text("/reports/0443/?since=&who=all"),
    "#0443 as JSON": lambda m: (
        m.ben.number not in str(m.json("/reports/0443.json?since=&who=all")["rows"])
    ),
    "API, #0443": lambda m: m.ben.number not in str(m.json("/api/v1/reports/0443/?who=all")),
    "#0442 of a learner": lambda m: NUMBER in m.row(f"/reports/0442/?learner={m.ben.number}"),
    "#0442 by a learner's number": lambda m: (
        NUMBER in m.row(f"/reports/0442/?date_from=&q={m.ben.number}")
    ),
    "API, documents of a learner": lambda m: (
        NUMBER in str(m.json(f"/api/v1/documents/?learner_number={m.ben.number}"))
    ),
    "learner's page": lambda m: NUMBER in m.text(f"/learners/{m.ben.pk}/xero-invoices/"),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_document_names_no_learner_while_it_is_withheld(merged: Merged, output: str) -> None:
    said = str(OUTPUTS[output](merged))

    assert NUMBER in said
    assert merged.ben.number not in said
    assert f"/learners/{merged.ben.pk}/" not in said
    assert WITHHELD in said or "'is_withheld': True" in said

    document_builders.link(merged.ann, merged.organisation, merged.bens)
    said = str(OUTPUTS[output](merged))

    assert merged.ben.number in said or output == "just changed"
    assert WITHHELD not in said
    assert "'is_withheld': True" not in said


@pytest.mark.parametrize("output", OF_LEARNERS)
def test_document_counts_for_no_learner_while_it_is_withheld(merged: Merged, output: str) -> None:
    tells = OF_LEARNERS[output]

    assert not tells(merged)

    document_builders.link(merged.ann, merged.organisation, merged.bens)

    assert tells(merged)


def test_page_of_its_contact_says_that_it_is_withheld(merged: Merged) -> None:
    contact_id = merged.organisation.contacts.get(xero_id=merged.bens).pk

    assert WITHHELD in merged.row(f"/contacts/{contact_id}/")

    document_builders.link(merged.ann, merged.organisation, merged.bens)

    assert WITHHELD not in merged.row(f"/contacts/{contact_id}/")


def test_document_that_is_withheld_from_one_learner_names_the_other(merged: Merged) -> None:
    """Who was linked to the contact before as well is nobody's stranger."""
    cleo = people.make_learner(merged.portal, number="L900003", given_name="Cleo")
    move = merged.document.moves.get()
    for contact_id in (move.from_xero_id, merged.bens):
        document_builders.link(cleo, merged.organisation, contact_id)

    line = merged.line(merged.file("/reports/0442.csv"))
    row = merged.row("/reports/0442/?date_from=&date_to=")

    assert line["Learner number"] == "L900003"
    assert "L900003" in row
    assert "L900002" not in row
