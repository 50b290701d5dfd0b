"""Rules that say what belongs together, as plain functions: read here what the product decides.

Nouns: *identity* (whether a contact in Xero is a learner), the *person name* that is compared for
it, a *mention* (a learner's number that a text names).

It reads no database, calls nobody and knows no model: values in, an answer out. Who has the rows
asks it and keeps the answer.
"""
