"""From a fetched page to rows that show: mapping, COPY, one upsert, and what could not be stored.

Nouns: a *prepared page* (a page as COPY takes it, made without the database), a *version* of a
document (newer by Xero's UpdatedDateUTC, then by when it was read), the *quarantine* (a document
that could not be stored, with its raw JSON and the reason), *currency totals* (sums of what was
read compared with what is stored).

A page takes this way: `prepared_pages` maps its elements (`mapping`, `field_parsers`) and encodes
them, `page_store` writes it (`upserts`, `quarantine`, `currency_totals`), aligns the names of
contacts and links contacts to learners (`contact_links`).

It never calls Xero and commits nothing by itself: the caller's transaction holds the checkpoint
too.
"""
