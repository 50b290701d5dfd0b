"""The accounting API over HTTP, as strict and as odd as the real one.

Nouns: the *gateway* (what every call passes, in Xero's order), a *where* clause, an *element* (one
object as JSON), the *fast path* (lists answered from an index). It reads and changes the ledger and
keeps nothing of its own but limits and idempotency keys.
"""
