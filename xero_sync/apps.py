"""The xero_sync app."""

from django.apps import AppConfig


class XeroSyncConfig(AppConfig):
    """Everything that speaks Xero."""

    name = "xero_sync"
    verbose_name = "Xero sync"
