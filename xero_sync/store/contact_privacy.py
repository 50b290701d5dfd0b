"""What of a contact is nobody's business here, and is taken away before it is stored.

The LRM sees what an organisation sells. Where a contact also supplies, Xero tells its bank account,
its tax number and what it is owed: none of it is shown or sent by us, so none of it is kept.
"""

from typing import Any

TAKEN_AWAY = frozenset(
    {
        "AccountsPayableTaxType",
        "BankAccountDetails",
        "BatchPayments",
        "PurchasesDefaultAccountCode",
        "PurchasesDefaultLineAmountType",
        "PurchasesTrackingCategories",
        "TaxNumber",
        "TaxNumberType",
        "TrackingCategoryName",
        "TrackingCategoryOption",
        "XeroNetworkKey",
    }
)
_BALANCES, _PAYABLE = "Balances", "AccountsPayable"


def without_private(element: dict[str, Any]) -> dict[str, Any]:
    """Return a contact as Xero gave it, without what is not ours to keep."""
    balances = element.get(_BALANCES)
    has_payable = isinstance(balances, dict) and _PAYABLE in balances
    if not has_payable and TAKEN_AWAY.isdisjoint(element):
        return element
    kept = {name: value for name, value in element.items() if name not in TAKEN_AWAY}
    if isinstance(balances, dict):
        kept[_BALANCES] = {name: one for name, one in balances.items() if name != _PAYABLE}
    return kept
