"""A connection's life: consent, attaching, being refused, disconnecting, removal in Xero.

Nouns: an *offer* (an organisation that a consent gives access to), a *doubt* (why a person must
confirm first), a *removal* (what must still be ended in Xero). Whatever a person is asked or told
on the way is worded here.
"""
