"""The accounting API over HTTP, as strict and as odd as the real one.

Nouns: *access* (who may make a call), the *service* (how a call is run: access, limits,
idempotency, route, in Xero's order), a *where* clause, an *element* (one object as JSON), the *fast
path* (lists answered from an index). It reads and changes the ledger and has no state of its own
but limits, idempotency keys and cached lists.
"""
