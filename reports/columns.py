"""The columns of report #0442: one table that its page, CSV, workbook and JSON read.

To add a column, add its line to `_OTHERS`: CSV, workbook and JSON have it then. A field that is not
one of `invoices.document_rows.DocumentRow` is added there first. The page has it once its name
stands in `PAGE`; what needs more than its value there gets a cell in `templates/reports/cell.html`.
"""

from dataclasses import dataclass
from typing import Literal

Holds = Literal["kind", "text", "date", "amount", "learners", "id"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, its heading in CSV and workbook, its field of `DocumentRow`.

    `holds` decides how a value is written: as a cell of its type, as text of JSON, as SQL of CSV.
    `on_page` is its heading on the page, where the shorter word is enough.
    """

    name: str
    heading: str
    field: str
    holds: Holds
    on_page: str = ""

    @property
    def page_heading(self) -> str:
        """What the page writes over it."""
        return self.on_page or self.heading


_KIND = Column("kind", "Kind", "kind", "kind")
_XERO_ID = Column("xero_id", "Xero ID", "xero_id", "id")
_OTHERS = (
    Column("number", "Number", "number", "text", on_page="Document"),
    Column("reference", "Reference", "reference", "text"),
    Column("status", "Status", "status", "text"),
    Column("date", "Date", "date", "date"),
    Column("due_date", "Due date", "due_date", "date"),
    Column("currency", "Currency", "currency", "text"),
    Column("total", "Total", "total", "amount"),
    Column("amount_paid", "Paid", "paid", "amount"),
    Column("amount_credited", "Credited", "credited", "amount"),
    Column("amount_due", "Due or credit left", "amount_due", "amount", on_page="Due"),
    Column("contact", "Contact", "contact_name", "text"),
    Column("learner_number", "Learner number", "learner_number", "learners", on_page="Learner"),
)
COLUMNS = (_KIND, *_OTHERS, _XERO_ID)
# JSON has had its id in front from the first; nobody looks for a column there by its place.
IN_JSON = (_KIND, _XERO_ID, *_OTHERS)

_BY_NAME = {column.name: column for column in COLUMNS}
PAGE = tuple(
    _BY_NAME[name]
    for name in (
        "number",
        "date",
        "due_date",
        "status",
        "contact",
        "learner_number",
        "total",
        "amount_due",
        "currency",
    )
)
