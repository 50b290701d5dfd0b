"""Xero's identity service without HTTP: tokens, grants, scopes, signing, who connected what.

Lifetimes, rotation and the thirty minutes in which a refresh token may be used again are those of
Xero's documentation.
"""
