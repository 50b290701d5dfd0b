"""The index of pushes in the order in which they go, made while learners go on being saved."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("xero_sync", "0031_stumbling_pushes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="contactpush",
            index=models.Index(
                condition=models.Q(("state__in", ["PENDING", "SENT"])),
                fields=["stumbles", "id"],
                name="push_next",
            ),
        ),
        # Once the one that takes its place is there.
        RemoveIndexConcurrently(model_name="contactpush", name="push_open"),
    ]
