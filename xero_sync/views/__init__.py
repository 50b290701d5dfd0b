"""The pages and addresses of the sync: re-syncs, their API, webhooks, View Invoice.

A view reads the clock, checks the right, calls one service and answers.
"""
