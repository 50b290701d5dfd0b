"""Made-up books from a seed: the same number gives the same people, documents and dates.

Nouns: the *cast* (everybody an organisation deals with), a *basket* (the lines of one document
with their sums), a *profile* (what distinguishes one organisation's trade). `seed` builds the
simulation of these books.
"""
