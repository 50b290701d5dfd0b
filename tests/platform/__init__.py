"""Tests of what surrounds the product: services, supervisor, settings, images."""
