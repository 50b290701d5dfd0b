"""The books of an organisation: what is recorded, and everything that can be done to it."""

from xero_simulator.ledger import contact_operations, credit_operations


class Books(credit_operations.CreditActs, contact_operations.ContactActs):
    """Documents and contacts with their acts; illegal acts raise `records.NotAllowed`."""
