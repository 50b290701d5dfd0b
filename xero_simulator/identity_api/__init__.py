"""The identity service over HTTP: consent pages, tokens, discovery, `/connections`.

Nouns: a *flow* (one authorize request on its way through the pages). What is granted and connected
is remembered in `identity`.
"""
