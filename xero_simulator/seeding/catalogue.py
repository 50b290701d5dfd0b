"""What a training provider sells and buys: the lines of made-up documents.

A basket is the lines of one document with its sums. Baskets are built once for each way that
amounts can include tax and shared by many documents, so that 100,000 of them stay small.
"""

from collections.abc import Sequence
from typing import NamedTuple

from xero_simulator.ledger import records


class Tax(NamedTuple):
    """The sales tax of a country; the names are Xero's own tax types there."""

    percent: int
    on_sales: str
    on_purchases: str
    free_sales: str
    free_purchases: str


TAX_OF_COUNTRY = {
    "AU": Tax(10, "OUTPUT", "INPUT", "EXEMPTOUTPUT", "EXEMPTEXPENSES"),
    "NZ": Tax(15, "OUTPUT2", "INPUT2", "ZERORATED", "NONE"),
}
LINE_AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")


class Item(NamedTuple):
    """Something sold or bought: quantity and price in ten-thousandths."""

    description: str
    quantity: int
    unit_amount: int
    account_code: str
    taxed: bool
    item_code: str = ""


class Basket(NamedTuple):
    """The lines of a document with its sums in cents."""

    lines: tuple[records.Line, ...]
    line_amount_types: str
    sub_total: int
    total_tax: int


COURSES = (
    ("CHC33021", "Certificate III in Individual Support", 3_200),
    ("CHC30121", "Certificate III in Early Childhood Education and Care", 2_940),
    ("CHC50121", "Diploma of Early Childhood Education and Care", 6_480),
    ("BSB50420", "Diploma of Leadership and Management", 4_750),
    ("SIT30821", "Certificate III in Commercial Cookery", 8_900),
    ("CPC30220", "Certificate III in Carpentry", 7_125),
    ("TAE40122", "Certificate IV in Training and Assessment", 2_599),
    ("HLTAID011", "Provide First Aid", 129),
    ("FNS40222", "Certificate IV in Accounting and Bookkeeping", 3_333),
    ("ICT50220", "Diploma of Information Technology", 9_450),
)
EXTRAS = (
    Item("Learner workbook, printed", 10_000, 850_000, "210", True, "BOOK"),
    Item("Kitchen knife set and uniform", 10_000, 3_499_500, "210", True, "KIT"),
    Item("First-aid manikin hire, per learner", 30_000, 333_333, "215", True),
    Item("Enrolment fee", 10_000, 1_500_000, "205", False, "ENROL"),
    Item("Late withdrawal — fee waived", 10_000, 0, "205", False),
    Item("Loyalty discount", 10_000, -500_000, "200", False),
    Item("Recognition of prior learning, per unit “RPL”", 40_000, 2_250_000, "220", False, "RPL"),
    Item("Re-assessment of a unit", 10_000, 1_200_000, "220", False),
    Item("Statement of attainment, replacement", 20_000, 275_000, "225", True),
    Item("Course transfer from Café operations", 10_000, 123_450, "225", True),
)
BILLS = (
    Item("Rent of training rooms, month", 10_000, 48_000_000, "469", True),
    Item("Electricity", 12_345_000, 3_142, "445", True),
    Item("Cleaning", 85_000, 420_000, "408", True),
    Item("Casual trainer, hours", 375_000, 650_000, "477", False),
    Item("Learning platform licences", 1_500_000, 47_500, "463", True),
    Item("Printing", 10_000, 7_812_300, "461", True),
    Item("Insurance premium", 10_000, 21_450_050, "433", False),
    Item("Catering for graduation", 640_000, 289_900, "420", True),
)


def sales_baskets(tax: Tax) -> list[Basket]:
    """Return the baskets of customers: instalments, extras, employers' group enrolments."""
    baskets: list[Sequence[Item]] = []
    for number, (code, title, fee) in enumerate(COURSES):
        for parts in (1, 4, 6):
            for part in range(1, parts + 1):
                lines = [_instalment(code, title, fee, part, parts)]
                if part == 1:
                    lines.append(EXTRAS[number])
                baskets.append(lines)
        baskets.append([_instalment(code, title, fee, 1, 4)] * 2 + list(EXTRAS[:4]))
    baskets.extend([extra] for extra in EXTRAS if extra.unit_amount > 0)
    baskets.append([_group_place(place) for place in range(1, 41)])
    return _in_every_way(baskets, tax.percent, tax.on_sales, tax.free_sales)


def purchase_baskets(tax: Tax) -> list[Basket]:
    """Return the baskets of suppliers."""
    baskets: list[Sequence[Item]] = [[item] for item in BILLS]
    baskets.extend([item, BILLS[(at + 3) % len(BILLS)]] for at, item in enumerate(BILLS))
    return _in_every_way(baskets, tax.percent, tax.on_purchases, tax.free_purchases)


def single_line(
    description: str, cents: int, account_code: str, tax_type: str = "NONE"
) -> tuple[records.Line, ...]:
    """Return one untaxed line worth that many cents."""
    return (records.Line(description, 10_000, cents * 100, cents, 0, tax_type, account_code),)


def _instalment(code: str, title: str, fee: int, part: int, parts: int) -> Item:
    share = fee * 10_000 // parts
    words = "full fee" if parts == 1 else f"instalment {part} of {parts}"
    return Item(f"{code} {title}, {words}", 10_000, share // 100 * 100, "200", False, code)


def _group_place(place: int) -> Item:
    return Item(f"HLTAID011 Provide First Aid, place {place}", 10_000, 1_171_800, "200", True)


def _in_every_way(
    baskets: list[Sequence[Item]], percent: int, taxed: str, free: str
) -> list[Basket]:
    return [
        _basket(items, way, percent, taxed, free) for items in baskets for way in LINE_AMOUNT_TYPES
    ]


def _basket(items: Sequence[Item], way: str, percent: int, taxed: str, free: str) -> Basket:
    """Price the items: tax is rounded on each line to two decimals, then summed, as Xero does."""
    lines = []
    for item in items:
        amount = _rounded(item.quantity * item.unit_amount, 1_000_000)
        tax_amount = 0
        if item.taxed and way == "Exclusive":
            tax_amount = _rounded(amount * percent, 100)
        elif item.taxed and way == "Inclusive":
            tax_amount = _rounded(amount * percent, 100 + percent)
        tax_type = "NONE" if way == "NoTax" else taxed if item.taxed else free
        lines.append(
            records.Line(
                item.description,
                item.quantity,
                item.unit_amount,
                amount,
                tax_amount,
                tax_type,
                item.account_code,
                item.item_code,
            )
        )
    total_tax = sum(line.tax_amount for line in lines)
    sub_total = sum(line.line_amount for line in lines)
    if way == "Inclusive":
        sub_total -= total_tax
    return Basket(tuple(lines), way, sub_total, total_tax)


def _rounded(value: int, divisor: int) -> int:
    """Divide and round halves away from zero."""
    sign = -1 if value < 0 else 1
    return sign * ((abs(value) * 2 + divisor) // (2 * divisor))
