"""The key of each portal, encrypted."""

from django.db import models

from lrm.models import Portal
from lrm.sealed_columns import SealedColumn


class BeaconKey(models.Model):
    """The key with which one portal's calls to Beacon are made. Shown to nobody."""

    portal = models.OneToOneField(Portal, on_delete=models.CASCADE, related_name="beacon_key")
    key_encrypted = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"Beacon key of {self.portal}"


KEY = SealedColumn(model=BeaconKey, column="key_encrypted", label="Beacon keys")
