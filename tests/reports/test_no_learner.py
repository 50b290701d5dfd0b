"""*No learner* of report #0442 finds every row that shows none, and counts just those.

What a merge in Xero took from another learner shows none either, until a person says that the two
share the contact.
"""

import csv
import datetime
import io
import re
from typing import Any

import openpyxl
import pytest
from django.core import mail
from django.utils import timezone

from invoices.models import Kind
from lrm.models import Portal
from tests.support import api_client, document_builders, page_reading
from tests.support import builders as people
from tests.support import merged as merged_learners
from tests.support.merged import NUMBER, Merged

pytestmark = pytest.mark.django_db
YESTERDAY = timezone.now().date() - datetime.timedelta(days=1)
EVER = "date_from=&date_to="
# Numbers of documents that show no learner, by what else is asked for.
ASKED = {
    EVER: {NUMBER, "INV-ALONE", "CN-ALONE", "INV-NOBODY", "INV-LATER"},
    f"{EVER}&kind=INVOICE": {NUMBER, "INV-ALONE", "INV-NOBODY", "INV-LATER"},
    f"{EVER}&currency=NZD": {"INV-NOBODY"},
    f"{EVER}&age=overdue": {NUMBER},
    f"{EVER}&as_at={YESTERDAY}": {NUMBER, "INV-ALONE", "CN-ALONE", "INV-NOBODY"},
    f"{EVER}&q=INV-": {NUMBER, "INV-ALONE", "INV-NOBODY", "INV-LATER"},
    f"{EVER}&by=synced": {NUMBER, "INV-ALONE", "CN-ALONE", "INV-NOBODY", "INV-LATER"},
    f"date_from={YESTERDAY}&date_to=": {"INV-LATER"},
}


@pytest.fixture
def merged(portal: Portal) -> Merged:
    """Give documents with a learner, with none, and withheld from one and from all of theirs."""
    found = merged_learners.of(portal)
    found.merge()
    organisation = found.organisation
    old: dict[str, Any] = {"date": found.document.date}
    document_builders.make_document(
        organisation, number="INV-BENS", contact_xero_id=found.bens, **old
    )
    payer = document_builders.make_contact(organisation)
    for number, kind in (("INV-ALONE", Kind.INVOICE), ("CN-ALONE", Kind.CREDIT_NOTE)):
        document_builders.make_document(
            organisation, number=number, kind=kind, contact_xero_id=payer.xero_id, **old
        )
    document_builders.make_document(organisation, number="INV-NOBODY", currency="NZD", **old)
    document_builders.make_document(
        organisation, number="INV-LATER", date=YESTERDAY + merged_learners.DAY
    )
    # Cleo was linked to both contacts, so that the document is withheld from Eve alone.
    cleo, dora, eve = (people.make_learner(portal, number=f"L90001{n}") for n in range(3))
    doras, eves = (document_builders.make_linked(one, organisation) for one in (dora, eve))
    for contact_id in (doras, eves):
        document_builders.link(cleo, organisation, contact_id)
    shared = document_builders.make_document(
        organisation, number="INV-CLEO", contact_xero_id=doras, **old
    )
    merged_learners.move(shared, eves)
    return found


def on_page(merged: Merged, query: str) -> set[str]:
    """Return the numbers in the rows of the page that show no learner."""
    html = merged.client.get(f"/reports/0442/?{query}").content.decode()
    rows = [page_reading.text_of(row) for row in re.split(r"(?=<tr)", html)[1:]]
    return {
        number
        for row in rows
        for number in re.findall(r"(?:INV|CN)-[0-9A-Z]+", row)
        if not re.search(r"\bL\d+", row)
    }


def count_beside(merged: Merged, query: str) -> int:
    """Return the count that stands at the filter's box."""
    said = re.search(r"No learner \((\d+)\)", merged.text(f"/reports/0442/?{query}"))
    assert said is not None
    return int(said[1])


def in_csv(file: bytes) -> set[str]:
    """Return the numbers in a CSV."""
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
    return {row["Number"] for row in rows}


def in_workbook(file: bytes) -> tuple[set[str], int]:
    """Return the numbers in a workbook, and how many documents its totals are of."""
    book = openpyxl.load_workbook(io.BytesIO(file))
    headings, *rows = book["Documents"].values
    place = list(headings).index("Number")
    heads, *totals = book["Totals"].values
    of_kinds = sum(int(str(row[list(heads).index("Documents")])) for row in totals)
    return {str(row[place]) for row in rows}, of_kinds


@pytest.mark.parametrize("query", ASKED)
def test_no_learner_finds_and_counts_every_row_that_shows_none(merged: Merged, query: str) -> None:
    expected, asked = ASKED[query], f"{query}&no_learner=on"
    program = api_client.program_of(merged.accounts)
    by_api = asked.replace(EVER, "").replace("date_to=&", "").lstrip("&")

    rows = program.read_to_the_end(f"reports/0442/?{by_api}&limit=2")
    totals = program.get(f"reports/0442/totals/?{by_api}").json()["totals"]
    file: Any = merged.json(f"/reports/0442.json?{asked}")

    assert on_page(merged, query) == expected
    assert on_page(merged, asked) == expected
    assert in_csv(merged.file(f"/reports/0442.csv?{asked}")) == expected
    assert in_workbook(merged.file(f"/reports/0442.xlsx?{asked}")) == (expected, len(expected))
    assert {row["number"] for row in file["rows"]} == expected
    assert sorted(row["number"] for row in rows) == sorted(expected)
    assert all(row["learners"] == [] for row in rows)
    assert totals == file["totals"]
    assert sum(one["count"] for one in totals) == len(expected)
    assert count_beside(merged, query) == count_beside(merged, asked) == len(expected)


def test_mail_of_no_learner_lists_and_counts_every_row_that_shows_none(merged: Merged) -> None:
    file = merged.mailed("CSV", f"{EVER}&no_learner=on")

    assert in_csv(file) == ASKED[EVER]
    assert f"{len(ASKED[EVER])} rows" in mail.outbox[-1].body


def test_no_learner_leaves_a_document_out_once_its_learners_share_the_contact(
    merged: Merged,
) -> None:
    document_builders.link(merged.ann, merged.organisation, merged.bens)

    expected = ASKED[EVER] - {NUMBER}
    asked = f"{EVER}&no_learner=on"
    assert on_page(merged, asked) == expected
    assert in_csv(merged.file(f"/reports/0442.csv?{asked}")) == expected
    assert count_beside(merged, EVER) == len(expected)


def test_page_says_what_to_do_about_what_is_withheld(merged: Merged) -> None:
    said = "waits until somebody says that the learners of the merge share the contact"

    assert said in merged.text(f"/reports/0442/?{EVER}&no_learner=on")

    document_builders.link(merged.ann, merged.organisation, merged.bens)

    assert said not in merged.text(f"/reports/0442/?{EVER}&no_learner=on")
