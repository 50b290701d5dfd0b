"""Documents as lists: one row with its words and amounts, filters, pages and the search.

Nouns: a *document row* (what pages and files show of a document, read without its raw JSON), its
*details* (what opens below it), a *filter* (kind, status, days and order), a *page* (cut by key, so
that the last is as near as the first), a *finding* (a document that was typed for) and a *hit* (its
line in the search).

It owns how lists are read: a handful of queries, however many rows. It checks no right and writes
nothing: whoever calls has let somebody in, and says whose documents are meant.
"""
