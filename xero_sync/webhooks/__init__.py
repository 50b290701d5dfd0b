"""From a POST of Xero's to the document it speaks of.

Nouns: a *delivery* (one signed body, stored as it came), an *event* (one change named in it), the
*inbox* of an organisation (the lease under which one worker fetches for it), a *burst* (so many
events at once that a list costs fewer calls), a *channel* (the events of one resource, healthy or
not).

An event is a hint: what it names is fetched and written only if newer. The view answers before
anything else happens; nothing here believes a body beyond its signature.
"""
