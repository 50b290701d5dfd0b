"""The index by which documents are looked through in the order of their storing.

Made while documents go on being stored: the table may have a million rows.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("invoices", "0005_covers"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="document",
            index=models.Index(
                fields=["organisation", "synced_at", "id"], name="document_by_storing"
            ),
        ),
    ]
