"""Beacon: lights a lamp in the office. Connected by a key that a portal admin pastes.

It keeps the key, and who is connected stands in `connected_apps`. It knows nothing of Xero.
"""
