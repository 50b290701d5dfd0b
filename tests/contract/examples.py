"""Lists of examples: made up by us, and Xero's own where its specification is here."""

from tests.contract import made_up, specification
from tests.contract.elements import Element

MADE_UP, OFFICIAL = "made up", "official"
# What tests of examples run over: never empty, so that nothing is skipped.
SOURCES = (MADE_UP, OFFICIAL) if specification.is_here() else (MADE_UP,)
COLLECTIONS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Contacts")
# A slip of the pen in Xero's examples of contacts, for TaxNumberType.
MISPRINTED = "TaxNumbeType"


def lists(source: str) -> dict[str, list[Element]]:
    """Return the elements of each list of a source, by collection."""
    if source == MADE_UP:
        return {
            "Invoices": made_up.invoices(),
            "CreditNotes": made_up.credit_notes(),
            "Overpayments": made_up.overpayments(),
            "Prepayments": made_up.prepayments(),
            "Contacts": made_up.contacts(),
        }
    paths = specification.documents()["accounting"]["paths"]
    found = {}
    for name in COLLECTIONS:
        content = paths[f"/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
        found[name] = content["example"][name]
    return found
