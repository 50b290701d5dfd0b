"""Exports: what a spreadsheet would run as a formula, however it is hidden."""

import csv
import io

import pytest

from connected_apps import audit
from connected_apps.models import XERO
from lrm import csv_text
from lrm.models import Portal
from tests.support import builders, document_builders
from tests.support.linked import clock
from tests.support.web_process import Web

HIDDEN = [
    "\u200b=1+1",
    "\u00a0+1",
    "\ufeff@SUM(A1)",
    "\u202e-1",
    "\u2060\u00ad =1",
    "\u3164=1",
    "\ufe0f=1",
    "\U000e0001=1",
    "\u2007=1",
    "\x7f=1",
    "\u2212 1",
    " \x0b=1",
]


def rows_of(web: Web, path: str, user: object) -> list[list[str]]:
    """Return the lines of a CSV file as a spreadsheet reads them."""
    answer = web.get(path, user)  # type: ignore[arg-type]
    assert answer.status == 200, answer.text
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))


def test_report_makes_every_formula_harmless_when_it_is_hidden(web: Web, portal: Portal) -> None:
    accounts = builders.make_user(portal, accounts=True)
    organisation = document_builders.make_organisation(portal)
    for text in HIDDEN:
        document_builders.make_document(organisation, contact_name=text)
    document_builders.make_document(organisation, contact_name="\u200bPlain")

    cells = {cell for row in rows_of(web, "/reports/0442.csv", accounts) for cell in row}

    assert {f"'{text}" for text in HIDDEN} <= cells
    assert "\u200bPlain" in cells
    assert not [cell for cell in cells if csv_text.harmless(cell) != cell and cell[0] not in "'-"]


def test_activity_makes_every_formula_harmless_when_it_is_hidden(web: Web, portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    for text in HIDDEN:
        audit.record(
            portal=portal, app=XERO, action="CONNECTED", by=admin, now=clock(), detail=text
        )

    rows = rows_of(web, "/settings/connected-apps/xero/activity.csv", admin)

    assert {f"'{text}" for text in HIDDEN} <= {cell for row in rows for cell in row}


@pytest.mark.parametrize("text", [*HIDDEN, "'=1", "''x", "Robin", " -", ""])
def test_text_comes_back_as_it_was_when_it_was_made_harmless(text: str) -> None:
    assert csv_text.as_typed(csv_text.harmless(text)) == text
