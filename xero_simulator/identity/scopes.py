"""The permissions an app may ask for, in plain words.

Only the granular scopes are known: apps made since March 2026 are refused the broad ones
(`accounting.transactions` and its kin), which Xero retires in September 2027.
"""

from collections.abc import Iterable

OPENID = {
    "openid": "Know who you are in Xero",
    "profile": "See your name",
    "email": "See your e-mail address",
    "offline_access": "Stay connected while you are away",
}
TENANTED = {
    "accounting.invoices.read": "View invoices, credit notes, quotes and purchase orders",
    "accounting.invoices": "View and change invoices, credit notes, quotes and purchase orders",
    "accounting.payments.read": "View payments, overpayments and prepayments",
    "accounting.payments": "View and change payments, overpayments and prepayments",
    "accounting.banktransactions.read": "View bank transactions and transfers",
    "accounting.banktransactions": "View and change bank transactions and transfers",
    "accounting.manualjournals.read": "View manual journals",
    "accounting.manualjournals": "View and change manual journals",
    "accounting.contacts.read": "View contacts",
    "accounting.contacts": "View and change contacts",
    "accounting.settings.read": "View organisation settings, accounts and tax rates",
    "accounting.settings": "View and change organisation settings, accounts and tax rates",
    "accounting.attachments.read": "View attached files",
    "accounting.attachments": "View and change attached files",
    "accounting.budgets.read": "View budgets",
    "accounting.reports.aged.read": "View aged receivables and payables",
    "accounting.reports.balancesheet.read": "View the balance sheet",
    "accounting.reports.profitandloss.read": "View profit and loss",
    "accounting.reports.trialbalance.read": "View the trial balance",
}
RETIRED = frozenset(
    {
        "accounting.transactions",
        "accounting.transactions.read",
        "accounting.reports.read",
        "accounting.journals.read",
    }
)
_ORDER = [*OPENID, *TENANTED]


def refusal_of(requested: Iterable[str]) -> str | None:
    """Return why these scopes may not be asked for, or None where they may."""
    asked = list(requested)
    if not asked:
        return "No scope was requested."
    for scope in asked:
        if scope in RETIRED:
            return f"Invalid scope for client: {scope} is retired, ask for granular scopes."
        if scope not in OPENID and scope not in TENANTED:
            return f"Invalid scope for client: {scope} is not known."
    return None


def needs_organisation(requested: Iterable[str]) -> bool:
    """Return whether a consent chooses an organisation: one for OpenID scopes alone does not."""
    return any(scope in TENANTED for scope in requested)


def in_words(requested: Iterable[str]) -> list[str]:
    """Return the permissions in plain words, in a fixed order, each once."""
    asked = set(requested)
    return [(OPENID | TENANTED)[scope] for scope in _ORDER if scope in asked]


def joined(*groups: Iterable[str]) -> tuple[str, ...]:
    """Return all scopes of the groups in a fixed order, each once."""
    asked = {scope for group in groups for scope in group}
    return tuple(scope for scope in _ORDER if scope in asked)
