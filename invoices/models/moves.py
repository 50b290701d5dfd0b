"""Documents that came to another contact in Xero, by a merge or by somebody's hand."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connected_apps.models import Organisation


class DocumentMove(models.Model):
    """A document that is another contact's than before. A trigger notes it, whoever stores.

    It is forgotten once Xero was asked about the contact before, and that was not merged into the
    one after: then somebody gave the document to another contact on purpose.
    """

    document = models.ForeignKey(
        "invoices.Document", on_delete=models.CASCADE, related_name="moves"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    from_xero_id = models.UUIDField()
    # Null where the contact before is merged, but the document has not been read since; then who
    # had that contact is kept here all the same.
    to_xero_id = models.UUIDField(null=True)
    # When the call was sent that brought the document with its new contact.
    read_at = models.DateTimeField()
    # Null until the contact before has been read later than that.
    is_merge = models.BooleanField(null=True)
    # Whose the contact before was until the rule ended the link, or they were erased: ids alone,
    # which may lead to nobody any more.
    learner_ids = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organisation", "from_xero_id"], name="document_move_from"),
            models.Index(
                fields=["organisation"],
                condition=models.Q(is_merge__isnull=True),
                name="document_move_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.document_id} from {self.from_xero_id} to {self.to_xero_id}"
