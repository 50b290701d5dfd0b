"""A pretend Xero over real HTTP, for development and tests.

It knows nothing of the product: it answers as Xero's public documentation, specification and
recorded traffic say that Xero answers, odd bodies and limits included.
"""
