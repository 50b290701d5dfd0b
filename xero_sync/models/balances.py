"""What contacts owe by Xero's own balance, held against the documents that are stored here."""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation
from invoices.models import money
from xero_sync.models.leased_row import LeasedRow
from xero_sync.resources import PAGE_SIZE


class BalanceCheck(LeasedRow):
    """When an organisation's balances were last compared, and how far the next comparison is.

    Many contacts need more calls than a minute has, so a comparison goes on where it was.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    not_before = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # How many contacts owe or are owed something in one currency, so that it could be compared.
    compared_count = models.PositiveIntegerField(default=0)
    # Of a comparison in progress: when it began, how many contacts were compared so far, its page.
    walk_started_at = models.DateTimeField(null=True)
    walked_count = models.PositiveIntegerField(default=0, db_default=0)
    next_page = models.PositiveIntegerField(default=1, db_default=1)
    page_size = models.PositiveIntegerField(default=PAGE_SIZE, db_default=PAGE_SIZE)
    item_count = models.PositiveIntegerField(null=True)
    # Whether all pages were read: what differed is read anew by then, a few contacts at a time.
    is_walked = models.BooleanField(default=False, db_default=False)
    # The ids of contacts that differed, as text; once all pages were read, of those still to do.
    differing = models.JSONField(default=list, db_default=[])

    def __str__(self) -> str:
        return f"balances of {self.organisation_id}"


class BalanceDifference(models.Model):
    """A contact whose balance in Xero is another than its documents here add up to.

    It was found after those documents had been read anew, and it goes when the two agree.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact_xero_id = models.UUIDField()
    name = models.CharField(max_length=500, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    ours = money()
    theirs = money()
    found_at = models.DateTimeField()
    compared_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "contact_xero_id"], name="balance_difference_once"
            )
        ]

    def __str__(self) -> str:
        return f"balance of {self.contact_xero_id}"
