"""Webhooks to the subscriber: payloads, delivery, retries, and scripted unreliability.

Nouns: an *event* (one change, in its place in the order), the *subscription*, a *delivery* (one
POST that was made), a *knob* (what a test lets go wrong), the *intent-to-receive check*. It listens
to changes of the books and never changes them.
"""
