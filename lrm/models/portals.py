"""Portals: each is one training provider's LRM."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models


def validate_time_zone(name: str) -> None:
    """Refuse a name that is no IANA time zone, such as "Sydney" for "Australia/Sydney"."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone. Use a name such as Australia/Sydney.")


class Portal(models.Model):
    """One training provider's LRM."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(
        max_length=64, default="Australia/Sydney", validators=[validate_time_zone]
    )
    # With which a financial year begins, where the accounting app does not say.
    financial_year_first_month = models.PositiveSmallIntegerField(default=7, db_default=7)
    # Whether *Sync to Xero* is ticked beforehand where a learner is added.
    new_learners_sync = models.BooleanField(default=False, db_default=False)
    # Whether portal admins and accounts people must have a second factor to do anything.
    demands_second_factor = models.BooleanField(default=False, db_default=False)
    # Whether learners who were invited see their own documents; asked with every request.
    learners_see_documents = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which this portal's people read times and mean dates."""
        return zoneinfo.ZoneInfo(self.time_zone)
