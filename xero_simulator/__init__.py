"""A pretend Xero over real HTTP, for development and tests.

It knows nothing of the product: it answers as Xero's public documentation, specification and
recorded traffic say that Xero answers, odd bodies and limits included.

- `simulations`: the whole state, and what of it a restart restores (`persistence`).
- `ledger`: an organisation's books and the operations on them. `seeding` makes the first ones up.
- `identity`: tokens, grants, scopes, connections, without HTTP; `identity_api` serves them.
- `gateway`: what every call passes: `faults`, call log, correlation id, bearer.
- `accounting_api`: access, limits, idempotency, lists, filters, paging, writing contacts.
- `webhooks`: events to the subscriber, with retries and scripted unreliability.
- `control`: addresses for tests. `hand_pages`: a page to change things by hand.
"""
