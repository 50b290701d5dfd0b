"""A merge in Xero that is stored while something is read: what is read is of before or of after.

One table of all outputs. Each is made again and again, and the merge commits through a connection
of its own after the first query of documents, then after the second, and so on to the last.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from invoices.models import DocumentMove
from lrm.models import Portal
from tests.support import builders as people
from tests.support import merged as merged_learners
from tests.support.merged import NUMBER, Merged

pytestmark = pytest.mark.django_db(transaction=True)

WITHHELD = "Withheld since a merge in Xero"
EVER = "date_from=&date_to="
MOST_QUERIES = 60
BENS = "L900002"


@pytest.fixture
def merged(portal: Portal) -> Merged:
    portal.learners_see_documents = True
    portal.save()
    return merged_learners.of(portal)


class Between:
    """Stores the merge after so many queries that read documents, links or moves."""

    def __init__(self, merged: Merged, *, after: int) -> None:
        self._merged, self._left = merged, after

    @property
    def was_reached(self) -> bool:
        """Whether there were so many queries."""
        return self._left <= 0

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        found = execute(sql, params, many, context)
        if "invoices_" in str(sql):
            self._left -= 1
            if self._left == 0:
                with closing(psycopg2.connect(**connection.get_connection_params())) as another:
                    self._merged.merge(another)
                    another.commit()
        return found


@contextmanager
def merging(merged: Merged, *, after: int) -> Iterator[Between]:
    """Merge while the block reads, and take the merge back behind it."""
    between = Between(merged, after=after)
    try:
        with connection.execute_wrapper(between):
            yield between
    finally:
        merged_learners.move(merged.document, merged.anns)
        DocumentMove.objects.all().delete()


def said_at_each_moment(merged: Merged, says: Callable[[Merged], object]) -> list[str]:
    """Return what is said where the merge comes after each of the queries."""
    said = []
    for after in range(1, MOST_QUERIES):
        with merging(merged, after=after) as between:
            said.append(str(says(merged)))
        if not between.was_reached:
            break
    assert 1 < len(said) < MOST_QUERIES - 1
    return said


def by_command(merged: Merged, form: str) -> str:
    out = io.StringIO()
    call_command("report_0442", merged.portal.slug, "--format", form, stdout=out)
    return out.getvalue()


def as_learner(merged: Merged) -> str:
    """Return Ben's own page."""
    account = people.make_learner_account(merged.ben)
    try:
        return people.client_of(account).get("/my/invoices/").content.decode()
    finally:
        account.delete()


def given_out(merged: Merged) -> str:
    """Return everything that is held on Ben."""
    out = io.StringIO()
    call_command("export_learner", merged.portal.slug, BENS, stdout=out)
    return out.getvalue()


# Each names Ann, or says that it is withheld.
OUTPUTS: dict[str, Callable[[Merged], object]] = {
    "page of #0442": lambda m: m.row(f"/reports/0442/?{EVER}"),
    "CSV": lambda m: m.line(m.file("/reports/0442.csv")),
    "workbook": lambda m: m.cells(m.file("/reports/0442.xlsx")),
    "JSON": lambda m: m.json("/reports/0442.json")["rows"],
    "CSV by command": lambda m: m.line(by_command(m, "csv").encode()),
    "JSON by command": lambda m: by_command(m, "json"),
    "mailed CSV": lambda m: m.line(m.mailed("CSV")),
    "mailed workbook": lambda m: m.cells(m.mailed("XLSX")),
    "search": lambda m: m.row(f"/search/?q={NUMBER[:-1]}"),
    "document's page": lambda m: m.text(f"/documents/{m.document.pk}/"),
    "API, documents": lambda m: m.json("/api/v1/documents/")["results"],
    "API, a document": lambda m: m.json(f"/api/v1/documents/{m.document.pk}/"),
    "API, #0442": lambda m: m.json("/api/v1/reports/0442/")["results"],
}
# None is ever to say that the document is Ben's.
OF_BEN: dict[str, Callable[[Merged], object]] = {
    "page of #0442": lambda m: m.row(f"/reports/0442/?{EVER}&learner={BENS}"),
    "page of #0442 by text": lambda m: m.row(f"/reports/0442/?{EVER}&q={BENS}"),
    "CSV": lambda m: m.file(f"/reports/0442.csv?{EVER}&learner={BENS}"),
    "API, #0442": lambda m: m.json(f"/api/v1/reports/0442/?learner={BENS}"),
    "API, documents": lambda m: m.json(f"/api/v1/documents/?learner_number={BENS}"),
    "learner's page": lambda m: m.text(f"/learners/{m.ben.pk}/xero-invoices/"),
    "own page": as_learner,
    "given out": given_out,
}
# Each lists Ben as without an invoice of his own.
TO_INVOICE: dict[str, Callable[[Merged], object]] = {
    "page of #0443": lambda m: m.text("/reports/0443/?since=&who=all"),
    "CSV of #0443": lambda m: m.file("/reports/0443.csv?since=&who=all"),
    "API, #0443": lambda m: m.json("/api/v1/reports/0443/?who=all"),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_document_is_its_learners_or_withheld_whenever_a_merge_is_stored(
    merged: Merged, output: str
) -> None:
    for at, said in enumerate(said_at_each_moment(merged, OUTPUTS[output]), start=1):
        is_withheld = WITHHELD in said or "'is_withheld': True" in said
        names = [one.number for one in (merged.ann, merged.ben) if one.number in said]
        assert (names, is_withheld) in ((["L900001"], False), ([], True)), f"query {at}: {said}"


@pytest.mark.parametrize("output", OF_BEN)
def test_document_is_never_the_other_learners_whenever_a_merge_is_stored(
    merged: Merged, output: str
) -> None:
    for at, said in enumerate(said_at_each_moment(merged, OF_BEN[output]), start=1):
        assert NUMBER not in said, f"query {at}"


@pytest.mark.parametrize("output", TO_INVOICE)
def test_other_learner_stays_without_an_invoice_whenever_a_merge_is_stored(
    merged: Merged, output: str
) -> None:
    for at, said in enumerate(said_at_each_moment(merged, TO_INVOICE[output]), start=1):
        assert BENS in said, f"query {at}"


def test_count_beside_no_learner_is_that_of_the_rows_whenever_a_merge_is_stored(
    merged: Merged,
) -> None:
    asked = f"/reports/0442/?{EVER}&no_learner=on"
    for at, said in enumerate(said_at_each_moment(merged, lambda m: m.text(asked)), start=1):
        assert ("No learner (1)" in said) == (NUMBER in said), f"query {at}"
