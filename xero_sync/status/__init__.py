"""The state of the sync, for people and probes: the Xero card, completeness, readiness.

It reads rows and never changes one. The words a person sees are made here or in `runs`, not in
templates.
"""
