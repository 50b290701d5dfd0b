"""Amounts in templates."""

from collections.abc import Sequence
from decimal import Decimal

from django import template

from invoices import amounts, queries

register = template.Library()


@register.filter
def amount(value: Decimal | None) -> str:
    """Return an amount for people, such as 1,234.50; empty where there is none."""
    return "" if value is None else amounts.grouped(value)


@register.filter
def open_ones(balances: Sequence[queries.Balance]) -> list[queries.Balance]:
    """Return the balances in which something is owed or left."""
    return [balance for balance in balances if balance.is_open]
