"""OAuth 2.0 with Xero: codes, tokens, their encryption, and Xero's `/connections`.

Nouns: a *token pair*, an *access token* that is fresh, a *grant* whose row is locked while it is
refreshed. One process refreshes at a time, and the new pair is committed before its first use. No
token leaves this package except as the value of one call's header.
"""
