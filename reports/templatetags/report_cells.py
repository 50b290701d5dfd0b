"""Cells of report #0442's page that need no words of their own."""

from datetime import date, datetime
from decimal import Decimal

from django import template

from invoices import amounts
from invoices.listing.document_rows import DocumentRow
from lrm.templatetags.shell import NOTHING, day, when

register = template.Library()


@register.filter
def plain_cell(document: DocumentRow, name: str) -> str:
    """Return a field of a document as people read it: a moment, a day, an amount, or its text."""
    value = getattr(document, name)
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return amounts.grouped(value)
    return NOTHING if value in {None, ""} else str(value)
