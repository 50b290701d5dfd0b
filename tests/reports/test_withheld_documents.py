"""A document that a merge in Xero took from another learner names none, wherever it is told of.

One table of all outputs: each gives what it says of the document, which is one learner's only once
a person has said that the two share the contact.
"""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from lrm.models import Portal
from tests.support import builders as people
from tests.support import document_builders
from tests.support import merged as merged_learners
from tests.support.merged import DAY, NUMBER, Merged

pytestmark = pytest.mark.django_db

WITHHELD = "Withheld since a merge in Xero"


@pytest.fixture
def merged(portal: Portal) -> Merged:
    found = merged_learners.of(portal)
    found.merge()
    return found


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
