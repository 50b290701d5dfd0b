"""From a fetched page to rows that show: mapping, COPY, one upsert, and what could not be stored.

Nouns: a *prepared page* (what of a page needs no database), a *version* of a document (newer by
Xero's UpdatedDateUTC, then by when it was read), the *quarantine* (a document that could not be
stored, with its raw JSON and the reason), *currency totals* (what was read held against what is
stored).

It never calls Xero, except `quarantine_retry`, and commits nothing by itself: the caller's
transaction holds the checkpoint too.
"""
