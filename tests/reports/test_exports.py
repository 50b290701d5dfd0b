"""CSV, workbook and JSON of report #0442 hold the same rows, and no formulas."""

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Portal
from reports import columns, workbook
from tests.support import builders as people
from tests.support import document_builders

pytestmark = pytest.mark.django_db

EVIL = '=HYPERLINK("http://example.com","pay")'


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """An organisation with one document of each nasty sort."""
    organisation = document_builders.make_organisation(portal)
    learner = people.make_learner(portal, number="+L1")
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(
        organisation,
        contact_xero_id=contact,
        number="INV-1",
        contact_name='Zoë O\'Brien 🪃, "Pty"',
        reference="line\nbreak",
        total="1234.50",
        due_date=datetime.date(2026, 12, 4),
    )
    document_builders.make_document(
        organisation, number="@SUM(A1)", contact_name=EVIL, total="-99.95"
    )
    document_builders.make_document(organisation, total="99999999999.99", status="VOIDED")
    document_builders.make_document(
        organisation, kind=Kind.OVERPAYMENT, total="0.1250", currency="NZD"
    )
    document_builders.make_document(organisation, kind=Kind.PREPAYMENT, total="0", date=None)
    return organisation


def run(*args: str) -> str:
    """Return what the command writes to standard output."""
    out = io.StringIO()
    call_command("report_0442", *args, stdout=out)
    return out.getvalue()


def csv_rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV by their headings."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet by their headings."""
    lines = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    names = [str(heading).removesuffix(" (UTC)") for heading in lines[0]]
    return [dict(zip(names, line, strict=True)) for line in lines[1:]]


def test_json_has_the_promised_shape(portal: Portal, organisation: Organisation) -> None:
    report = json.loads(run(portal.slug, "--format", "json"))

    assert {"rows", "totals", "organisation", "as_of", "current_as_of"} < set(report)
    row = next(row for row in report["rows"] if row["number"] == "INV-1")
    assert row.pop("contact_id") == str(organisation.documents.get(number="INV-1").contact_xero_id)
    assert {name: row[name] for name in row if name not in {"xero_id", "days_overdue"}} == {
        "kind": "INVOICE",
        "number": "INV-1",
        "reference": "line\nbreak",
        "status": "AUTHORISED",
        "status_in_words": row["status_in_words"],
        "date": "2026-11-20",
        "due_date": "2026-12-04",
        "paid_on": None,
        "currency": "AUD",
        "currency_rate": None,
        "base_total": "1234.50",
        "sub_total": "1234.50",
        "total_tax": "0.00",
        "net_due": "1234.50",
        "applied_to": "",
        "applied_by": "",
        "withheld": "",
        "synced_at": "2026-11-20T01:00:00+00:00",
        "xero_link": "",
        "total": "1234.50",
        "amount_paid": "0.00",
        "amount_credited": "0.00",
        "amount_due": "1234.50",
        "contact": 'Zoë O\'Brien 🪃, "Pty"',
        "learner_number": "+L1",
    }
    assert [(total["kind"], total["currency"], total["total"]) for total in report["totals"]] == [
        ("INVOICE", "AUD", "100000001134.54"),
        ("OVERPAYMENT", "NZD", "0.1250"),
        ("PREPAYMENT", "AUD", "0.00"),
    ]
    assert report["rows"][0]["date"] is None


def test_json_is_whole_when_there_are_no_rows(portal: Portal) -> None:
    document_builders.make_organisation(portal)

    report = json.loads(run(portal.slug, "--format", "json"))

    assert (report["rows"], report["totals"]) == ([], [])


def test_csv_workbook_and_json_agree_row_by_row(
    portal: Portal, organisation: Organisation, tmp_path: Path
) -> None:
    path = tmp_path / "report.xlsx"

    as_json = json.loads(run(portal.slug, "--format", "json"))["rows"]
    as_csv = csv_rows(run(portal.slug))
    run(portal.slug, "--format", "xlsx", "--output", str(path))
    as_sheet = sheet_rows(path, "Documents")

    assert len(as_json) == len(as_csv) == len(as_sheet) == 5
    for json_row, csv_row, sheet_row in zip(as_json, as_csv, as_sheet, strict=True):
        for column in columns.COLUMNS:
            expected = json_row[column.name]
            in_csv, in_sheet = csv_row[column.heading], sheet_row[column.heading]
            if expected is None:
                assert (in_csv, in_sheet) == ("", None)
            else:
                assert (in_csv.removeprefix("'"), as_text(in_sheet)) == written(column, expected)


def written(column: columns.Column, expected: Any) -> tuple[str, str]:
    """Return what stands in CSV and, as text, in the workbook for a value of JSON."""
    if column.holds == "kind":
        return Kind(expected).label, Kind(expected).label
    if column.holds == "amount":
        number = float(expected)
        return expected, str(int(number) if number.is_integer() else number)
    if column.holds == "moment":
        return expected.replace("+00:00", "Z"), expected.removesuffix("+00:00")
    return str(expected), str(expected)


def as_text(in_sheet: Any) -> str:
    """Return the value of a cell as text; a date is midnight there."""
    if isinstance(in_sheet, datetime.datetime):
        return in_sheet.isoformat().removesuffix("T00:00:00")
    return "" if in_sheet is None else str(in_sheet)


def test_workbook_holds_numbers_dates_and_no_formula(
    organisation: Organisation, tmp_path: Path
) -> None:
    path = tmp_path / "report.xlsx"
    run(organisation.portal.slug, "--format", "xlsx", "--output", str(path))

    book = openpyxl.load_workbook(path)
    types = {cell.data_type for row in book["Documents"].iter_rows() for cell in row}
    totals = sheet_rows(path, "Totals")

    assert "f" not in types
    assert EVIL in [row["Contact"] for row in sheet_rows(path, "Documents")]
    assert totals[0]["Kind"] == "Invoices"
    assert totals[0]["Total"] == 100000001134.54
    assert totals[0]["Of which voided or deleted"] == 99999999999.99
    assert totals[0]["Due or credit left"] == 1134.55


def test_workbook_goes_on_in_another_sheet_when_one_is_full(
    organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "ROWS_A_SHEET", 2)
    path = tmp_path / "report.xlsx"
    run(organisation.portal.slug, "--format", "xlsx", "--output", str(path))

    names = openpyxl.load_workbook(path).sheetnames
    assert names == ["Documents", "Documents 2", "Documents 3", "Totals", "About"]
    assert [len(sheet_rows(path, name)) for name in names[:3]] == [2, 2, 1]


def contact_in_csv(portal: Portal, name: str) -> str:
    """Return a contact's name as the CSV holds it."""
    document_builders.make_document(document_builders.make_organisation(portal), contact_name=name)
    return csv_rows(run(portal.slug))[0]["Contact"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+61 2 5550 0000", "-cmd", "@SUM", "\tx", "\rx", "\nx", "  =1", "＝1"],  # noqa: RUF001
)
def test_text_is_made_harmless_when_a_spreadsheet_would_run_it(portal: Portal, text: str) -> None:
    assert contact_in_csv(portal, text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "INV-1", "O'Brien", "a=b", " plain", " ", "مرحبا", '"x", y'])
def test_text_stays_as_it_is_when_it_is_harmless(portal: Portal, text: str) -> None:
    assert contact_in_csv(portal, text) == text


def test_negative_amounts_stay_numbers_in_csv(portal: Portal, organisation: Organisation) -> None:
    row = next(row for row in csv_rows(run(portal.slug)) if row["Contact"].startswith("'="))

    assert (row["Total"], row["Number"]) == ("-99.95", "'@SUM(A1)")


def test_command_keeps_to_the_dates_and_both_ends_count(
    portal: Portal, organisation: Organisation
) -> None:
    document_builders.make_document(organisation, number="OLD", date=datetime.date(2026, 7, 1))

    rows = csv_rows(run(portal.slug, "--from", "2026-07-01", "--to", "2026-07-01"))

    assert [row["Number"] for row in rows] == ["OLD"]


def test_command_writes_the_file_and_leaves_nothing_beside_it(
    portal: Portal, organisation: Organisation, tmp_path: Path
) -> None:
    path = tmp_path / "report.csv"

    printed = run(portal.slug, "--output", str(path))

    assert printed == ""
    assert len(csv_rows(path.read_bytes().decode())) == 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere"], "There is no portal 'nowhere'"),
        (["here", "--from", "2026-07-32"], "is not a date"),
        (["here", "--from", "2026-07-02", "--to", "2026-07-01"], "is before"),
        (["here", "--format", "xlsx"], "--output"),
        (["unconnected"], "has never been connected"),
    ],
)
def test_command_says_what_is_wrong_and_writes_nothing(args: list[str], message: str) -> None:
    document_builders.make_organisation(people.make_portal(slug="here"))
    people.make_portal(slug="unconnected")
    out = io.StringIO()

    with pytest.raises(CommandError, match=message):
        call_command("report_0442", *args, stdout=out)

    assert out.getvalue() == ""
