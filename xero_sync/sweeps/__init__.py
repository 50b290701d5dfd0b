"""Sweeps: pulling what was modified since the last one, the backstop of webhooks.

Nouns: a *cursor* (how far one resource of an organisation has come), a *slice* of time (where Xero
refuses to list all that was modified since). One worker at a time sweeps a resource: it leases the
cursor, renews the lease with each page, and in the end releases the cursor or puts it off. A sweep
never proves anything: counting does.
"""
