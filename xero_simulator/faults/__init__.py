"""Faults: which calls they meet, and what happens then: answers, delays, cuts, corruption.

Rules and draws only; `gateway` acts on them. Webhooks have faults of their own.
"""
