"""Whose documents are whose, and whose contact is written: random schedules held against an oracle.

The oracle (`oracle`, `witness`) shares nothing with the product: it reads Xero's books, the
learners that people typed, and what people said; and judges every page and every write by them.
"""
