"""Amounts as text: two decimals, up to four only where the amount needs them.

Written by our own code rather than by locale: a report must read the same on every machine, and
four-place unit prices must not be rounded away.
"""

from decimal import Decimal

_CENT = Decimal("0.01")


def plain(amount: Decimal) -> str:
    """Return an amount for machines: no grouping, a point, `-` in front of a negative one.

    `Decimal("1234.5000")` becomes "1234.50", `Decimal("0.1250")` becomes "0.1250".
    """
    places = 2 if amount == amount.quantize(_CENT) else 4
    return f"{amount:.{places}f}"


def grouped(amount: Decimal) -> str:
    """Return an amount for people: thousands apart by commas, as Australian ledgers write it."""
    places = 2 if amount == amount.quantize(_CENT) else 4
    return f"{amount:,.{places}f}"
