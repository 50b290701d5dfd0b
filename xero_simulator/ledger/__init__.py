"""What stands in an organisation's books, and what its people do to it.

Nouns: a *record* (a document, contact, payment or allocation), a *table* with its look-ups, the
*books* of one organisation, an *operation* (raise, pay, credit, void, merge …). No HTTP, and no
JSON of Xero's: `accounting_api` writes that.
"""
