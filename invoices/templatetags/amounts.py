"""Amounts in templates."""

from decimal import Decimal

from django import template

from invoices import amounts

register = template.Library()


@register.filter
def amount(value: Decimal | None) -> str:
    """Return an amount for people, such as 1,234.50; empty where there is none."""
    return "" if value is None else amounts.grouped(value)
