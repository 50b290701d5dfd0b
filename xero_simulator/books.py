"""The books of an organisation: what is recorded, and everything that can be done to it."""

from xero_simulator import acts, contact_acts


class Books(acts.DocumentActs, contact_acts.ContactActs):
    """Documents and contacts with their acts; illegal acts raise `records.NotAllowed`."""
