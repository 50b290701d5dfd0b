"""Uploaded files of learners: their rows, kept in the database until they are confirmed.

A file is read once, some rows at a time, and each row is held against the learner that has its
number. Whatever a person can mend stands with its row; the file as a whole is refused only where
nothing could be understood.
"""

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO

from django.db import connection, transaction

from lrm.learner_imports import csv_reading, import_columns, import_rows
from lrm.learner_imports.csv_reading import NotReadable
from lrm.models import ImportedRow, Learner, LearnerImport, Portal, RowOutcome, User
from lrm.roster import learners

MOST_ROWS = 50_000
KEEP = timedelta(days=1)
_CHUNK = 1000


def store(
    *, portal: Portal, file: IO[bytes], file_name: str, by: User, now: datetime
) -> LearnerImport:
    """Read a CSV file and keep its rows with what each would come to.

    :raises NotReadable: nothing of it can be imported; its text tells a person why. Nothing is
        kept then.
    """
    with transaction.atomic():
        return _store(portal, file, file_name, by, now)


def _store(
    portal: Portal, file: IO[bytes], file_name: str, by: User, now: datetime
) -> LearnerImport:
    sheet = csv_reading.read(file, count_known=import_columns.count_known)
    if problem := import_columns.problem_of(sheet.headings):
        raise NotReadable(problem)
    fields = import_columns.fields_of(sheet.headings)
    kept = LearnerImport.objects.create(
        portal=portal,
        by=by,
        file_name=file_name[:200],
        reading={
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "headings": sheet.headings,
            "fields": fields,
        },
        created_at=now,
    )
    counts: Counter[str] = Counter()
    seen: dict[str, int] = {}
    for chunk in _chunks(_read(sheet, fields)):
        _check(portal, chunk, seen)
        _write(kept, chunk)
        counts.update(row.outcome for row in chunk)
    if not counts:
        raise NotReadable("There are no learners in the file below its headings.")
    kept.counts = dict(counts)
    kept.save(update_fields=["counts"])
    return kept


def _read(sheet: csv_reading.Sheet, fields: Sequence[str | None]) -> Iterator[import_rows.Row]:
    for count, (number, cells) in enumerate(sheet.rows, start=1):
        if count > MOST_ROWS:
            raise NotReadable(
                f"The file has more than {MOST_ROWS:,} rows. Split it into smaller files, and "
                "import one after the other."
            )
        yield import_rows.read(number, cells, fields)


def _chunks(rows: Iterator[import_rows.Row]) -> Iterator[list[import_rows.Row]]:
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield chunk


def _check(portal: Portal, rows: Sequence[import_rows.Row], seen: dict[str, int]) -> None:
    """Hold rows against the learners that are there, and against the rows before them."""
    there = by_number(portal, [str(row.values.get("number", "")) for row in rows])
    for row in rows:
        number = str(row.values.get("number", ""))
        if number in seen:
            row.problems["number"] = (
                f"Row {seen[number]} has this number too. The first one counts."
            )
        elif number:
            seen[number] = row.number
        import_rows.check(row, there.get(number))


def by_number(portal: Portal, numbers: Iterable[str]) -> dict[str, Learner]:
    """Return the portal's learners that have these numbers."""
    found = portal.learners.filter(number__in=set(numbers) - {""}).order_by()
    return {learner.number: learner for learner in found}


def _write(kept: LearnerImport, rows: Sequence[import_rows.Row]) -> None:
    """Write the rows as one statement: ten times faster than model by model."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO lrm_importedrow (of_id, row, values, outcome, problems)
            SELECT %s, row, values, outcome, problems
              FROM unnest(%s::integer[], %s::jsonb[], %s::text[], %s::jsonb[])
                AS new (row, values, outcome, problems)
            """,
            [
                kept.pk,
                [row.number for row in rows],
                [json.dumps(row.values) for row in rows],
                [row.outcome for row in rows],
                [json.dumps(row.problems) for row in rows],
            ],
        )


def discard(upload: LearnerImport) -> bool:
    """Delete a file that nobody confirmed; return False where it is not there, or confirmed.

    Whoever has it in hand may have read it before somebody else confirmed it.
    """
    with transaction.atomic():
        rows = LearnerImport.objects.select_for_update(of=("self",))
        if rows.filter(pk=upload.pk, job=None).first() is None:
            return False
        delete(upload)
    return True


def delete(upload: LearnerImport) -> None:
    """Delete a file's rows and what is known of it."""
    # By one statement: Django would load every row to delete it.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM lrm_importedrow WHERE of_id = %s", [upload.pk])
        cursor.execute("DELETE FROM lrm_learnerimport WHERE id = %s", [upload.pk])


def discard_old(*, now: datetime) -> int:
    """Delete what nobody confirmed within a day; return how many files that were."""
    old = LearnerImport.objects.filter(created_at__lt=now - KEEP, job=None)
    return sum(discard(upload) for upload in old)


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the file, and what it is taken for."""

    heading: str
    label: str


def columns_of(upload: LearnerImport) -> list[Column]:
    """Return the columns in their order; the label is empty where one is left out."""
    headings, fields = upload.reading["headings"], upload.reading["fields"]
    return [
        Column(heading, import_columns.LABELS.get(name or "", ""))
        for heading, name in zip(headings, fields, strict=True)
    ]


def count_of(upload: LearnerImport, *outcomes: RowOutcome) -> int:
    """Return how many rows have one of these outcomes."""
    return sum(upload.counts.get(outcome.value, 0) for outcome in outcomes)


def wrong_rows(upload: LearnerImport, *, most: int) -> list[ImportedRow]:
    """Return the first rows in which something is wrong."""
    return list(upload.rows.filter(outcome=RowOutcome.WRONG)[:most])


def problems_of(row: ImportedRow) -> list[tuple[str, str]]:
    """Return what is wrong with a row, by the label of the field, in the order of the form.

    The label is empty where it is the row as a whole.
    """
    names = ("", *import_columns.LABELS)
    return [
        (import_columns.label_of(name) if name else "", row.problems[name])
        for name in names
        if name in row.problems
    ]


def headings_by_field(upload: LearnerImport) -> dict[str, str]:
    """Return the heading under which each field stands in the file."""
    pairs = zip(upload.reading["fields"], upload.reading["headings"], strict=True)
    return {name: heading for name, heading in pairs if name in learners.DETAIL_FIELDS}
