"""One call to Xero: who may make it, when, how it is made, and what its answer means.

Nouns: a *session* (the calls of one connection in one lane), a *slot* of the rate limiter, a *page*
of elements, a *list query*. `client` is the only module of the product that knows the SDK, `errors`
the only one that decides what went wrong, `json_codec` the only one that parses Xero's bytes.

A call is made in this order: the token, a slot, the request, the limiter's books. Nothing here
waits longer than a second for a slot, calls again by itself but once after a 401, or writes a
document. A call needs the database for
the token alone, and a call in another thread not even for that (`Session.ready`).
"""
