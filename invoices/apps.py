"""The invoices app."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """Documents and contacts as the LRM keeps them."""

    name = "invoices"
