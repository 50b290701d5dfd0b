"""The books of an organisation: what is recorded, and everything that can be done to it."""

from xero_simulator import contact_acts, credit_acts


class Books(credit_acts.CreditActs, contact_acts.ContactActs):
    """Documents and contacts with their acts; illegal acts raise `records.NotAllowed`."""
