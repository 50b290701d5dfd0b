"""Walking a list of Xero's: pages in order, several on their way at once, windows of dates.

Nouns: a *walk* (all pages of one list), a *window* (a span of document dates that one list covers,
cut in two where Xero refuses its length). Pages arrive prepared for writing; who stores them, and
the checkpoint, are the caller's.
"""
