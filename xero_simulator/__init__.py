"""A pretend Xero over real HTTP, for development and tests.

It knows nothing of the product: it answers as Xero's public documentation, specification and
recorded traffic say that Xero answers, odd bodies and limits included.

- `ledger`: what stands in an organisation's books and what people do to it. `seeding` makes it up.
- `identity`: tokens, grants, scopes, connections, without HTTP; `identity_api` serves them.
- `accounting_api`: lists, filters, paging, limits, idempotency, writing contacts.
- `webhooks`: what it tells, and how badly. `faults`: what it is told to do wrong.
- `control`: addresses for tests. `hand_pages`: a page to change things by hand.
"""
