"""What a document said before: its versions, which of them held at a moment, and what changed.

Nouns: a *version* is what stood here between two moments, as Xero sent it; the last one stands on
the document itself, those before it are rows that the writer kept (`store.replaced_versions`). A
*change* is a field of it that differs from that of the version before, in words.

A version tells when a change came to be known here, which is later than when it was made in Xero.
Nothing here writes, and nothing of it is shown to whoever may not see the document.
"""
