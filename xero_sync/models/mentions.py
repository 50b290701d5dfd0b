"""How far documents were looked through for learners' numbers."""

from django.db import models

from connected_apps.models import Organisation
from xero_sync.models.leased_row import LeasedRow


class MentionPass(LeasedRow):
    """How far an organisation's documents were looked through, in the order of their storing."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    # The document that was looked at last: when it had been stored, and our id of it. Null: none.
    looked_through = models.DateTimeField(null=True)
    last_id = models.BigIntegerField(default=0)
    # When the pass that began with the first document began.
    began_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mentions of {self.organisation_id}"
