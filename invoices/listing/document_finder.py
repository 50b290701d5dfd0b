"""Finding documents by what people have in hand: a number, a reference, an amount.

Every question is answered from an index of `0012_documents_by_what_is_typed`, a handful of rows at
a time, so that the millionth document is as near as the first. Beginnings are found and middles are
not, as with learners; but whoever types digits alone also finds Xero's usual numbers with them,
since `570` is what people say of INV-0570.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models.functions import Collate, Left, Upper

from connected_apps.models import Organisation
from invoices.listing import document_rows
from invoices.listing.document_rows import DocumentRow
from invoices.models import Document

MOST = 10
LONGEST = 100
# Of numbers that Xero gives by itself; it fills them up to four digits.
_PREFIXES = ("INV-", "CN-", "INV", "CN")
_AMOUNT = re.compile(r"[$€£]?\s*(\d[\d,]{0,15}(?:\.\d{1,4})?)\s*(?:[A-Za-z]{3})?", re.ASCII)
_NUMBER = Collate(Upper("number"), "C")
_REFERENCE = Collate(Upper(Left("reference", LONGEST)), "C")


@dataclass(frozen=True, slots=True)
class Finding:
    """A document, and what of it was asked for: its number, its reference or its total."""

    row: DocumentRow
    why: str
    is_exact: bool


def findings_for(*, organisation: Organisation, text: str) -> list[Finding]:
    """Return the documents that a text means, the nearest first; at most one more than `MOST`."""
    typed = " ".join(text.split()).upper()[:LONGEST]
    if not typed:
        return []
    documents = Document.objects.filter(organisation=organisation)
    found: dict[int, Finding] = {}
    for why, is_exact, matching in _questions(documents, typed):
        for row in document_rows.rows_of(matching[: MOST + 1]):
            found.setdefault(row.id, Finding(row, why, is_exact))
        if len(found) > MOST:
            break
    nearest = list(found.values())[: MOST + 1]
    rows = document_rows.with_learners([one.row for one in nearest], organisation=organisation)
    return [Finding(row, one.why, one.is_exact) for row, one in zip(rows, nearest, strict=True)]


def amount_in(text: str) -> Decimal | None:
    """Return the amount that a text is, such as "$1,417.50" or "735 AUD"; None for others."""
    match = _AMOUNT.fullmatch(text.strip())
    return Decimal(match[1].replace(",", "")) if match else None


def _questions(
    documents: QuerySet[Document], typed: str
) -> Iterator[tuple[str, bool, QuerySet[Document]]]:
    """Yield what is asked in turn: the word for it, whether it names one document, and rows."""
    numbered = documents.alias(typed_number=_NUMBER).order_by("-typed_number", "-id")
    yield "number", True, numbered.filter(typed_number=typed)
    yield "number", False, numbered.filter(typed_number__in=usual_numbers(typed))
    yield "number", False, numbered.filter(typed_number__startswith=typed)
    referenced = documents.exclude(reference="").alias(typed_reference=_REFERENCE)
    yield (
        "reference",
        False,
        referenced.filter(typed_reference__startswith=typed).order_by("typed_reference", "-id"),
    )
    amount = amount_in(typed)
    if amount is not None:
        yield "total", False, documents.filter(total=amount).order_by("-date")


def usual_numbers(typed: str) -> list[str]:
    """Return the numbers in Xero's usual form whose digits these may be."""
    if not (typed.isascii() and typed.isdigit()):
        return []
    return [f"{prefix}{digits}" for prefix in _PREFIXES for digits in {typed, typed.zfill(4)}]
