"""The columns of report #0442: one table that its page, CSV, workbook and JSON read.

To add a column, add its line to `_OTHERS`: CSV, workbook and JSON have it then. Its SQL may name
whatever `reports.export_query` selects from. The page has it once its line stands in `PAGE`, where
the name is that of a field of `invoices.listing.document_rows.DocumentRow`; only a cell with words
or links of its own stands in `templates/reports/cell.html` too.
"""

from dataclasses import dataclass
from typing import Literal

from invoices.models import Kind
from invoices.withheld import WORDS

Holds = Literal["kind", "text", "date", "moment", "amount", "rate", "count", "id"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, its heading in CSV and workbook, and its SQL.

    `holds` decides how a value is written: as a cell of its type, as text of JSON, as SQL of CSV.
    """

    name: str
    heading: str
    sql: str
    holds: Holds


def _plain(name: str, heading: str, holds: Holds, field: str = "") -> Column:
    return Column(name, heading, f"document.{field or name}", holds)


# The words of `invoices.words.status_of`, where the rows are; a test holds the two together.
_USED = """CASE WHEN document.paid <= 0 THEN 'Used' WHEN document.credited > 0
    THEN 'Used and refunded' ELSE 'Refunded' END"""
_DAYS_OVERDUE = f"""CASE WHEN document.kind = '{Kind.INVOICE}' AND document.status = 'AUTHORISED'
    AND document.amount_due > 0 THEN greatest(here.today - document.due_date, 0) ELSE 0 END"""
_PART = """CASE WHEN document.paid > 0 THEN 'Part paid'
    WHEN document.credited > 0 THEN 'Part credited' END"""
_LATE = f"""coalesce({_PART} || ', overdue by ', 'Overdue by ') || ({_DAYS_OVERDUE})
    || CASE {_DAYS_OVERDUE} WHEN 1 THEN ' day' ELSE ' days' END"""
_STATUS = f"""CASE
    WHEN document.status = 'DRAFT' THEN 'Draft'
    WHEN document.status = 'SUBMITTED' THEN 'Awaiting approval'
    WHEN document.status = 'VOIDED' THEN 'Voided'
    WHEN document.status = 'DELETED' THEN 'Deleted'
    WHEN document.status NOT IN ('AUTHORISED', 'PAID')
        THEN coalesce(nullif(document.status, ''), 'No status given')
    WHEN document.kind <> '{Kind.INVOICE}' AND document.status = 'AUTHORISED'
        AND document.amount_due > 0 THEN CASE WHEN document.paid + document.credited <= 0
        THEN 'Unused' ELSE 'Partly ' || lower({_USED}) END
    WHEN document.kind <> '{Kind.INVOICE}' THEN {_USED}
    WHEN document.status = 'PAID' THEN 'Paid'
    WHEN coalesce({_DAYS_OVERDUE}, 0) > 0 THEN {_LATE}
    ELSE coalesce({_PART}, 'Awaiting payment') END"""
_NET = f"""CASE WHEN document.status NOT IN ('AUTHORISED', 'PAID') THEN 0
    WHEN document.kind = '{Kind.INVOICE}' THEN document.amount_due ELSE -document.amount_due END"""
# A rate tells how much of the document's currency one unit of the organisation's own is worth.
_BASE = """CASE WHEN document.currency = here.base_currency THEN document.total
    WHEN document.currency_rate > 0 THEN round(document.total / document.currency_rate, 2) END"""
# Xero documents such addresses for invoices and credit notes, and for no other credits.
_XERO = "'https://go.xero.com/organisationlogin/default.aspx?shortcode=' || here.short_code ||"
_LINK = f"""CASE WHEN here.short_code = '' THEN ''
    WHEN document.kind = '{Kind.INVOICE}' THEN {_XERO}
        '&redirecturl=/AccountsReceivable/View.aspx?InvoiceID=' || document.xero_id
    WHEN document.kind = '{Kind.CREDIT_NOTE}' THEN {_XERO}
        '&redirecturl=/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=' || document.xero_id
    ELSE '' END"""
_WITHHELD = f"CASE WHEN named.is_withheld THEN '{WORDS}' ELSE '' END"

_KIND = _plain("kind", "Kind", "kind")
_XERO_ID = _plain("xero_id", "Xero ID", "id")
_OTHERS = (
    _plain("number", "Number", "text"),
    _plain("reference", "Reference", "text"),
    _plain("status", "Status", "text"),
    Column("status_in_words", "Status in words", _STATUS, "text"),
    _plain("date", "Date", "date"),
    _plain("due_date", "Due date", "date"),
    Column("days_overdue", "Days overdue", f"coalesce({_DAYS_OVERDUE}, 0)", "count"),
    _plain("paid_on", "Fully paid on", "date", field="fully_paid_on"),
    _plain("currency", "Currency", "text"),
    _plain("sub_total", "Subtotal", "amount"),
    _plain("total_tax", "Tax", "amount"),
    _plain("total", "Total", "amount"),
    _plain("amount_paid", "Paid", "amount", field="paid"),
    _plain("amount_credited", "Credited", "amount", field="credited"),
    _plain("amount_due", "Due or credit left", "amount"),
    Column("net_due", "Owed to us, credits with a minus", _NET, "amount"),
    _plain("currency_rate", "Currency rate", "rate"),
    Column("base_total", "Total in the organisation's currency", _BASE, "amount"),
    _plain("contact", "Contact", "text", field="contact_name"),
    _plain("contact_id", "Contact ID", "id", field="contact_xero_id"),
    Column("learner_number", "Learner number", "coalesce(named.numbers, '')", "text"),
    Column("withheld", "Withheld", _WITHHELD, "text"),
    Column("applied_to", "Applied to", "coalesce(used.words, '')", "text"),
    Column("applied_by", "Credited by", "coalesce(settled.words, '')", "text"),
    _plain("synced_at", "Last synced", "moment"),
    Column("xero_link", "Open in Xero", _LINK, "text"),
)
COLUMNS = (_KIND, *_OTHERS, _XERO_ID)
# JSON has had its id in front from the first; nobody looks for a column there by its place.
IN_JSON = (_KIND, _XERO_ID, *_OTHERS)


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A column of the page: its heading, and the orders it can be sorted by."""

    name: str
    heading: str
    is_amount: bool = False
    sorts: tuple[str, ...] = ()


PAGE = (
    PageColumn("date", "Date", sorts=("", "oldest")),
    PageColumn("number", "Document"),
    PageColumn("contact", "Contact"),
    PageColumn("learner_number", "Learner"),
    PageColumn("status", "Status"),
    PageColumn("due_date", "Due date", sorts=("due",)),
    PageColumn("total", "Total", is_amount=True, sorts=("total",)),
    PageColumn("amount_due", "Due", is_amount=True, sorts=("left",)),
    PageColumn("currency", "Currency"),
)
