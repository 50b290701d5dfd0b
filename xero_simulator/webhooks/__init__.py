"""Webhooks to the subscriber: payloads, delivery, retries, and scripted unreliability."""
