"""Telling programs outside that something happened, by webhooks of the Standard Webhooks scheme.

Nouns: an *endpoint* (an address of a program, with a secret), a *message* (one thing told to one
endpoint), the *outbox* (messages written in the transaction of what they tell), the *sender* (a
worker's turn at one endpoint), a *target* (where an address really leads).

It owns `HookEndpoint` and `HookMessage`. It knows no app: who changes something says so to
`outbox.note`. What Xero tells us is another matter, see `xero_sync.webhooks`.
"""
