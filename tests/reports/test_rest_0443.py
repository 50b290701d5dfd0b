"""Report #0443 by API: the same learners, reasons and counts as its page and its files."""

import csv
import io
from typing import Any

import pytest

from connected_apps.models import Organisation
from invoices.models import CoverDecision
from lrm.models import LrmRole, Portal
from tests.support import api_client, builders, document_builders, page_reading
from tests.support.api_client import Program

pytestmark = pytest.mark.django_db
ROWS, TOTALS = "reports/0443/", "reports/0443/totals/"


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


@pytest.fixture
def program(portal: Portal) -> Program:
    return api_client.program_of(builders.make_user(portal, accounts=True))


def cast(portal: Portal, organisation: Organisation) -> None:
    """Store learners who are invoiced, to invoice and billed to somebody else."""
    for n in range(12):
        learner = builders.make_learner(portal, sync_to_xero=n % 5 != 4)
        if n % 2:
            contact = document_builders.make_linked(learner, organisation)
            document_builders.make_document(
                organisation,
                contact_xero_id=contact,
                status=("AUTHORISED", "DRAFT", "VOIDED")[n % 3],
            )
        if n % 6 == 0:
            employer = document_builders.make_document(organisation, contact_name="Banksia")
            CoverDecision.objects.create(
                learner=learner,
                organisation=organisation,
                kind=employer.kind,
                document_xero_id=employer.xero_id,
                is_covered=True,
                by_name="A person",
                at=document_builders.NOW,
            )


@pytest.mark.parametrize(
    "query", ["who=all", "", "show=billed&who=all", "contact=yes", "contact=no&who=all", "asked=on"]
)
def test_rows_and_counts_are_those_of_the_page_and_the_file(
    portal: Portal, organisation: Organisation, query: str
) -> None:
    cast(portal, organisation)
    user = builders.make_user(portal, accounts=True)
    program, client = api_client.program_of(user), builders.client_of(user)
    # The page asks for ninety days where it is asked for nothing.
    of_page = query or "who="

    rows = program.read_to_the_end(f"{ROWS}?{query}&limit=3")
    totals = program.get(f"{TOTALS}?{query}").json()
    answer: Any = client.get(f"/reports/0443.csv?{of_page}")
    file = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    page = page_reading.text_of(client.get(f"/reports/0443/?{of_page}").content.decode())

    told = {
        (
            *(row["number"], row["name"], row["added_on"], row["reason"]),
            *("On" if row["sync_to_xero"] else "Off", "; ".join(row["contacts"])),
            "; ".join(row["billed_to"]),
        )
        for row in rows
    }
    names = ("Number", "Learner", "Added", "Why", "Sync to Xero", "Contact", "Billed to")
    assert told == {tuple(row[name] for name in names) for row in file}
    assert len(rows) == len(file)
    shown = totals["billed" if "billed" in query else "to_invoice"]
    assert shown == len(rows)
    if query in {"", "who=all"}:
        assert rows
        assert f"{totals['to_invoice']} to invoice" in page
        assert totals["billed"] > 0
        assert totals["invoiced"] > 0


@pytest.mark.parametrize(
    "query", ["since=2026-02-31", "who=some", "show=none", "contact=maybe", "asked=x", "q=a"]
)
def test_filter_is_refused_by_name_when_it_cannot_be(
    program: Program, organisation: Organisation, query: str
) -> None:
    for path in (ROWS, TOTALS):
        answer = program.get(f"{path}?{query}")

        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_report_is_for_those_who_may_read_its_page(portal: Portal) -> None:
    neighbour = builders.make_portal("Saltbush")
    cast(neighbour, document_builders.make_organisation(neighbour))
    document_builders.make_organisation(portal)

    def ask(path: str, **rights: Any) -> Any:
        return api_client.program_of(builders.make_user(portal, **rights)).get(path)

    for path in (ROWS, TOTALS):
        assert ask(path).status_code == 403
        assert ask(path, accounts=True).status_code == 200
        assert ask(path, portal_admin=True, role=LrmRole.NONE).status_code == 200
    assert ask(f"{ROWS}?who=all", accounts=True).json()["results"] == []
    assert ask(TOTALS, accounts=True).json()["to_invoice"] == 0


def test_nothing_is_reported_before_anything_is_connected(program: Program) -> None:
    for path in (ROWS, TOTALS):
        assert program.get(path).status_code == 409
