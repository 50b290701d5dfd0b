"""Sweeps: pulling what was modified since the last one, the backstop of webhooks.

Nouns: a *cursor* (how far one resource of an organisation has come), a *slice* of time (where Xero
refuses to list all that was modified since). A sweep never proves anything: counting does.
"""
