"""The frame of the API below `/api/v1/`: who asks, what they may, how often, and how it answers.

Nouns: a token lets a program act for a person; a route is an address that an app has registered; a
problem is an answer that is none, as RFC 9457 writes it; a cursor is where a list goes on. The
frame knows no app: each fills its addresses in with `routes.add` in its `AppConfig.ready`, as with
`lrm.panels`. Rights are `lrm.permissions`, the same functions that open the pages.
"""
