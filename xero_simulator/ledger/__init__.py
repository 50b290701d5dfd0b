"""What stands in an organisation's books, and what its people do to it.

Nouns: a *record* (a document, contact, payment or allocation), a *table* with its look-ups, the
*books* of one organisation (`ledgers.Books`, state and transaction), an *operation* (a function
over the books). Operations are in `document_operations` (raise, pay, void …), `credit_operations`
(credit, allocate …) and `contact_operations` (archive, merge …). No HTTP, no faults, no users, and
no JSON of Xero's: `accounting_api` writes that.
"""
