"""Faults: which calls they meet, and what happens then: answers, delays, cuts, corruption.

Rules and draws only; `gateway` and `accounting_api` act on them. Webhooks have faults of their own.
"""
