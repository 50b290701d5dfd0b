"""The index by which the dashboard finds what came in lately, built while payments go on being
stored.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("invoices", "0015_cheaper_pages")]

    operations = [
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(
                fields=["date", "document"], include=["amount"], name="payment_by_date"
            ),
        ),
    ]
