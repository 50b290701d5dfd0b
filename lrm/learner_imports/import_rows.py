"""What a row of a CSV file says of a learner, and what is wrong with it.

An empty cell empties its field; only an empty *Sync to Xero* says nothing. Cells that a row does
not have, because it is shorter than the headings, say nothing either. Text is taken as it was
typed, also where a spreadsheet would take it for a formula: whatever leaves here as CSV is made
harmless on the way, and such an apostrophe in front is taken off again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lrm import csv_text
from lrm.learner_imports import csv_reading
from lrm.models import Learner, RowOutcome
from lrm.roster import learner_fields, learners

_YES = frozenset({"yes", "y", "true", "t", "1", "on", "x"})
_NO = frozenset({"no", "n", "false", "f", "0", "off"})
_TICK = "sync_to_xero"

Values = dict[str, str | bool]


@dataclass
class Row:
    """A row as it was read. `problems` are by field, empty for the row as a whole."""

    number: int
    values: Values
    problems: dict[str, str] = field(default_factory=dict)
    outcome: str = RowOutcome.NEW


def read(number: int, cells: Sequence[str], fields: Sequence[str | None]) -> Row:
    """Make a row of its cells; what cannot even be read is a problem."""
    row = Row(number, {})
    for cell, name in zip(cells, fields, strict=False):
        if name == _TICK:
            _read_tick(row, cell)
        elif name is not None:
            _read_text(row, name, cell)
    extra = [cell for cell in cells[len(fields) :] if cell.strip()]
    if extra:
        row.problems[""] = (
            f"This row has {len(cells)} cells, and there are {len(fields)} headings. A text with a "
            "comma in it needs quotation marks around it."
        )
    return row


def _read_text(row: Row, name: str, cell: str) -> None:
    if csv_reading.NO_CHARACTER in cell or csv_reading.SHOWN in cell:
        row.problems[name] = "This has a character that cannot be read. Please type it anew."
        cell = cell.replace(csv_reading.NO_CHARACTER, csv_reading.SHOWN)
    row.values[name] = csv_text.as_typed(learners.squash(cell))


def _read_tick(row: Row, cell: str) -> None:
    word = cell.strip().casefold()
    if word in _YES or word in _NO:
        row.values[_TICK] = word in _YES
    elif word:
        row.problems[_TICK] = "Write yes or no."
        row.values[_TICK] = cell[:200].replace(csv_reading.NO_CHARACTER, csv_reading.SHOWN)


def check(row: Row, there: Learner | None) -> None:
    """Say what the row would come to, for the learner that has its number, or a new one.

    Of a learner that is there only what the row says anew is looked at.
    """
    new: Mapping[str, str | bool] = {
        name: value for name, value in row.values.items() if name not in row.problems
    }
    if there is None:
        row.outcome = RowOutcome.NEW
        looked_at = set(learners.DETAIL_FIELDS)
    else:
        looked_at = {name for name, value in new.items() if getattr(there, name) != value}
        row.outcome = RowOutcome.CHANGED if looked_at else RowOutcome.SAME
    before = {name: getattr(there, name) for name in learners.DETAIL_FIELDS} if there else {}
    blank = {"number": "", "family_name": ""}
    details = learners.LearnerDetails(**{**blank, **before, **new})
    for name, sentence in learner_fields.problems_of(details).items():
        if name in looked_at:
            row.problems.setdefault(name, sentence)
    if row.problems:
        row.outcome = RowOutcome.WRONG


def missing(values: Mapping[str, str | bool]) -> str:
    """Return what a new learner lacks, or empty: the learner of a row may be gone by now."""
    return "" if values.get("family_name") else learner_fields.FAMILY_NAME_IS_MISSING
